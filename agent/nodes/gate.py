from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Raced
from burnish.agent.operators.base import Proposal
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import BudgetExhausted
from burnish.policies.acceptance import BettingGate, GateDecision, score
from burnish.programs import Program
from burnish.records import GateRecord
from burnish.types import Task

MOST_TASKS_A_VERDICT = 5
"""An environment that fails on more than four tasks of five ends the race: it would go on without end."""

Validation = Callable[[int], Awaitable[list[Task]]]
"""The first so many validation tasks of the run, fewer where the environment has no more."""


async def gate(
    iteration: Iteration, policy: BettingGate, challengers: Sequence[Proposal], *, validation: Validation
) -> Raced:
    """Race each challenger against the champion on fresh validation tasks: accept, reject or undecided."""
    champion, gates, used = iteration.champion, list[GateRecord](), 0
    for proposal in challengers:
        record, taken = await race(
            iteration,
            policy,
            proposal,
            champion=champion,
            number=iteration.past.challengers + len(gates) + 1,
            position=iteration.past.validation_used + used,
            validation=validation,
        )
        gates.append(record)
        used += taken
        iteration.notify("gate", record.to_json())
        if record.outcome == "accept":
            champion = proposal.program
    return Raced(champion, tuple(gates), used)


async def race(
    iteration: Iteration,
    policy: BettingGate,
    proposal: Proposal,
    *,
    champion: Program,
    number: int,
    position: int,
    validation: Validation,
) -> tuple[GateRecord, int]:
    """The race of the run's challenger `number` on validation tasks from `position` on, and how many it drew."""
    rollout = iteration.rollout()
    differences: list[float] = []
    scores: list[tuple[float, float]] = []
    decision = policy.decide(differences, challenger=number)
    used = 0
    while size := policy.next_block(decision):
        tasks = await _fresh(validation, size, position + used, used)
        if not tasks:
            break
        start = 2 * (position + used)
        try:
            old, new = await rollout.evaluate("gate", [champion, proposal.program], tasks, start=start)
        except BudgetExhausted:
            break  # what is proved so far counts, and the iteration's other work is kept
        used += len(tasks)
        pairs = [(score(o[1]), score(n[1])) for o, n in zip(old, new, strict=True) if _both_judged(o, n)]
        scores += pairs
        differences += [n - o for o, n in pairs]
        decision = policy.decide(differences, challenger=number)
        if used >= MOST_TASKS_A_VERDICT * max(len(differences), MOST_TASKS_A_VERDICT):
            break
    return _record(proposal, champion.id, decision, scores), used


async def _fresh(validation: Validation, count: int, position: int, used: int) -> list[Task]:
    """The next validation tasks of the run, each at most once a challenger, of which it has had `used`.

    A finite list starts over with the next challenger once it is used up.
    """
    known = await validation(position + count)
    count = min(count, len(known) - used)
    return [known[i % len(known)] for i in range(position, position + count)]


def _both_judged(old: Judged, new: Judged) -> bool:
    return old[1].status.judged and new[1].status.judged


def _record(
    proposal: Proposal, champion_id: str, decision: GateDecision, scores: list[tuple[float, float]]
) -> GateRecord:
    counted = scores[: decision.n]
    n = max(1, len(counted))
    return GateRecord(
        number=decision.challenger,
        challenger_id=proposal.program.id,
        champion_id=champion_id,
        operator=proposal.operator,
        description=proposal.description,
        outcome=decision.outcome,
        tasks=decision.n,
        champion_score=sum(o for o, _ in counted) / n,
        challenger_score=sum(c for _, c in counted) / n,
        e_value=decision.e_value,
        threshold=decision.threshold,
        level=1 / decision.threshold,
        lower=decision.lower,
        upper=decision.upper,
    )
