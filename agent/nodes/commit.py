from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Committed, Compared, Curated, Guarded, Raced, Rated, Rewritten, RolledBack, Shown
from burnish.agent.record.events import Event
from burnish.agent.rollouts.evaluate import Judged
from burnish.programs import Program
from burnish.records import IterationRecord


async def commit(
    iteration: Iteration,
    *,
    shown: Shown,
    answering: Sequence[Program],
    attempted: Sequence[Judged],
    compared: Compared,
    rated: Rated,
    curated: Curated,
    rewritten: Rewritten,
    raced: Raced,
    guarded: Guarded,
    rolled_back: RolledBack | None,
    events: Sequence[Event],
) -> Committed:
    """Write one transaction: the new revision, the champion, the measurements and the decisions."""
    champion = rolled_back.champion if rolled_back else iteration.followed(raced.champion)
    born = [*curated.born, *(rolled_back.born if rolled_back else ())]
    deaths = {d.exemplar_id: d for d in (*curated.deaths, *(rolled_back.deaths if rolled_back else ()))}
    scored = [f for _, f in attempted if f.status.judged]
    record = IterationRecord(
        number=iteration.number,
        revision=iteration.number,
        champion_id=champion.id,
        attempts=len(attempted),
        verified=sum(f.verified for f in scored),
        mean_reward=sum(f.reward for f in scored) / max(1, len(scored)),
        statuses=dict(Counter(f.status.value for _, f in attempted)),
        admitted=len(born),
        refused=dict(curated.refused),
        died=dict(Counter(death.reason for death in deaths.values())),
        memory=len(iteration.memory),
        proposals=rewritten.proposals,
        comparisons=compared.comparisons,
        retired=rewritten.retired,
        gates=raced.gates,
        rating=rated.record,
        diversity=guarded.diversity.to_json(),
        remembered=guarded.remembered.to_json() if guarded.remembered else {},
        alarms=guarded.alarms,
        action=guarded.action,
        temperature=iteration.sampling_temperature,
        validation_used=iteration.past.validation_used + raced.validation_used,
        harmful=compared.back_to is not None,
    )
    programs = [shown.program, *answering, champion, *compared.programs, *rewritten.programs, *raced.programs]
    await iteration.journal.commit_iteration(
        record,
        programs=programs,
        born=born,
        deaths=list(deaths.values()),
        applicants=curated.applicants,
        events=[(e.kind, e.body) for e in events],
    )
    return Committed(record)
