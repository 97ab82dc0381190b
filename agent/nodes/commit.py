from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Committed, Curated, Guarded, Raced, Rated, Rewritten, RolledBack, Shown
from burnish.agent.record.events import Event
from burnish.agent.rollouts.evaluate import Judged
from burnish.records import IterationRecord


async def commit(
    iteration: Iteration,
    *,
    shown: Shown,
    judged: Sequence[Judged],
    rated: Rated,
    curated: Curated,
    rewritten: Rewritten,
    raced: Raced,
    guarded: Guarded,
    rolled_back: RolledBack | None,
    events: Sequence[Event],
) -> Committed:
    """Write one transaction: the new revision, the champion, the measurements and the decisions."""
    champion = rolled_back.champion if rolled_back else raced.champion
    born = [*curated.born, *(rolled_back.born if rolled_back else ())]
    died = {**curated.died, **(rolled_back.died if rolled_back else {})}
    scored = [f for _, f in judged if f.status.judged]
    record = IterationRecord(
        number=iteration.number,
        revision=iteration.number,
        champion_id=champion.id,
        attempts=len(judged),
        verified=sum(f.verified for f in scored),
        mean_reward=sum(f.reward for f in scored) / max(1, len(scored)),
        statuses=dict(Counter(f.status.value for _, f in judged)),
        admitted=len(born),
        refused=dict(curated.refused),
        died=dict(Counter(died.values())),
        memory=len(iteration.memory),
        proposals=rewritten.proposals,
        gates=raced.gates,
        rating=rated.record,
        diversity=guarded.diversity.to_json(),
        remembered=guarded.remembered.to_json() if guarded.remembered else {},
        alarms=guarded.alarms,
        action=guarded.action,
        temperature=iteration.sampling_temperature,
        validation_used=iteration.past.validation_used + raced.validation_used,
    )
    programs = [shown.program, champion, *(p.program for p in rewritten.challengers)]
    await iteration.journal.commit_iteration(
        record, programs=programs, born=born, died=died, events=[(e.kind, e.body) for e in events]
    )
    return Committed(record)
