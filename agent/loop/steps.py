"""What each node of an iteration is called with: the parts it needs, and the policies and services of the session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from burnish.agent.loop.session import Session
from burnish.agent.nodes.attempt import attempt, clean, write
from burnish.agent.nodes.check import check
from burnish.agent.nodes.commit import commit
from burnish.agent.nodes.compare import compare
from burnish.agent.nodes.curate import curate, refuse
from burnish.agent.nodes.draw import draw
from burnish.agent.nodes.expand import expand
from burnish.agent.nodes.gate import gate
from burnish.agent.nodes.guard import guard
from burnish.agent.nodes.human_review import human_review
from burnish.agent.nodes.parts import (
    Attempted,
    Checked,
    Committed,
    Compared,
    Curated,
    Drawn,
    Guarded,
    Part,
    Raced,
    Rated,
    Rewritten,
    RolledBack,
    Shown,
)
from burnish.agent.nodes.rate import rate
from burnish.agent.nodes.recall import recall
from burnish.agent.nodes.retry import retry
from burnish.agent.nodes.revise import revise
from burnish.agent.nodes.rewrite import rewrite
from burnish.agent.nodes.roll_back import roll_back
from burnish.agent.nodes.teach import teach
from burnish.agent.record.events import RatingsKept
from burnish.agent.record.ratings import RATED, rated_among


async def _commit(s: Session) -> Committed:
    """What an iteration decided is in force once it is committed."""
    parts, rated = s.parts, s.parts[Rated]
    counted = RatingsKept(RATED, rated_among(rated.ratings, parts.judged))
    committed = await commit(
        s.iteration,
        shown=parts[Shown],
        answering=parts[Attempted].programs,
        attempted=parts.attempted,
        compared=parts.get(Compared) or Compared(),
        rated=rated,
        curated=parts[Curated],
        rewritten=parts.get(Rewritten) or Rewritten(),
        raced=parts.get(Raced) or Raced(s.champion),
        guarded=parts[Guarded],
        rolled_back=parts.get(RolledBack),
        events=[*parts.events, counted],
    )
    s.commit(committed.record)
    s.notify("iteration", committed.record.to_json())
    return committed


STEPS: Mapping[str, Callable[[Session], Awaitable[Part]]] = {
    "draw": lambda s: draw(s.iteration, s.policies.curriculum, s.policies.cold_start, s.policies.acceptance),
    "expand": lambda s: expand(s.iteration, s.parts[Drawn], s.expanders),
    "recall": lambda s: recall(s.iteration, s.rewriting, s.parts.tasks),
    "attempt": lambda s: attempt(
        s.iteration,
        s.policies.cold_start,
        s.parts[Shown],
        tasks=s.parts.tasks,
        efforts=s.parts.efforts,
        outputs=s.parts.outputs,
    ),
    "write": lambda s: write(s.iteration, s.parts[Shown], tasks=s.parts.tasks),
    "clean": lambda s: clean(s.iteration, s.parts[Shown], tasks=s.parts.tasks),
    "check": lambda s: check(s.iteration, s.parts[Attempted], tasks=s.parts.tasks),
    "compare": lambda s: compare(
        s.iteration,
        s.rewriting,
        s.policies.watching,
        s.parts[Shown],
        s.parts[Checked],
        tasks=s.parts.tasks,
        evidence=s.parts[Drawn].evidence,
    ),
    "teach": lambda s: teach(s.iteration, s.parts[Shown], s.parts[Checked], tasks=s.parts.tasks),
    "retry": lambda s: retry(
        s.iteration,
        s.parts[Shown],
        s.parts[Checked],
        tasks=s.parts.tasks,
        hints=s.parts[Drawn].hints,
        again=s.parts[Drawn].again,
    ),
    "revise": lambda s: revise(s.iteration, s.principles, judged=s.parts.attempted, tasks=s.parts.tasks),
    "rate": lambda s: rate(s.iteration, s.policies.rating, s.rater, judged=s.parts.attempted, tasks=s.parts.tasks),
    "human_review": lambda s: human_review(s.iteration, s.parts[Rated], judged=s.parts.judged, tasks=s.parts.tasks),
    "curate": lambda s: curate(
        s.iteration,
        s.policies.admission,
        s.policies.eviction,
        s.parts[Checked],
        s.parts[Rated],
        judged=s.parts.judged,
        tasks=s.parts.tasks,
    ),
    "refuse": lambda s: refuse(s.iteration, s.parts[Checked], judged=s.parts.judged, tasks=s.parts.tasks),
    "rewrite": lambda s: rewrite(
        s.iteration,
        s.rewriting,
        s.policies.acceptance,
        s.policies.watching,
        s.operators,
        s.parts,
        training=s.training(),
        reflector_able=s.reflector_able,
    ),
    "gate": lambda s: gate(
        s.iteration,
        s.policies.acceptance,
        s.parts[Rewritten].challenger,
        pairs=(s.parts.get(Compared) or Compared()).pairs,
        validation=s.validation,
    ),
    "guard": lambda s: guard(s.iteration, s.policies.diversity, s.parts[Attempted], judged=s.parts.judged),
    "roll_back": lambda s: roll_back(s.iteration, back_to=(s.parts.get(Compared) or Compared()).back_to),
    "commit": _commit,
}
"""By the name of the node. What a node returns is added to the session's parts by the graph."""
