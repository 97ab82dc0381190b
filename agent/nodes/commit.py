from __future__ import annotations

from collections import Counter

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.agent.record.ratings import RATED, as_rows, rated_among
from burnish.records import IterationRecord


async def commit(state: State, runtime: Runtime[Session]) -> State:
    """Write one transaction: the new revision, the champion, the measurements and the decisions."""
    session = runtime.context
    scratch = session.scratch
    assert scratch.champion is not None
    assert scratch.program is not None
    judged = [f for _, f in scratch.judged if f.status.judged]
    record = IterationRecord(
        number=scratch.number,
        revision=scratch.number,
        champion_id=scratch.champion.id,
        attempts=len(scratch.judged),
        verified=sum(f.verified for f in judged),
        mean_reward=sum(f.reward for f in judged) / max(1, len(judged)),
        statuses=dict(Counter(f.status.value for _, f in scratch.judged)),
        admitted=len(scratch.born),
        refused=scratch.refused,
        died=dict(Counter(scratch.died.values())),
        memory=len(session.memory),
        proposals=tuple(scratch.proposals),
        gates=tuple(scratch.gates),
        rating=scratch.rating,
        diversity=scratch.diversity.to_json() if scratch.diversity else {},
        remembered=scratch.remembered.to_json() if scratch.remembered else {},
        alarms=scratch.alarms,
        action=scratch.action,
        temperature=session.sampling_temperature,
        validation_used=session.validation_used,
    )
    scratch.events.append((RATED, as_rows(rated_among(scratch.ratings, scratch.judged))))
    programs = [scratch.program, scratch.champion, *(p.program for p in scratch.challengers)]
    await session.journal.commit_iteration(
        record, programs=programs, born=scratch.born, died=scratch.died, events=scratch.events
    )
    session.commit(record)
    session.notify("iteration", record.to_json())
    return {"champion": record.champion_id, "memory": record.memory}
