from __future__ import annotations

from collections.abc import Iterable

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.diversity import Cells, Diversity, measure
from burnish.types import ALIVE, Exemplar

REMEMBERED_SAMPLE = 64
LEAST_VERIFIED, MOST_VERIFIED = 8, 64
"""Fewer verified answers of an iteration say nothing of their diversity; more add nothing to a sample."""


async def guard(state: State, runtime: Runtime[Session]) -> State:
    """Measure the diversity of what is generated and remembered, and act when it falls.

    What was verified is compared with the first iteration that had enough of it: only that can be learned, and a
    model that learns the form of an answer makes all its answers more alike without collapsing. With too few verified,
    all answers are compared with the first iteration that had exemplars to show.
    """
    session = runtime.context
    scratch = session.scratch
    scratch.diversity, first = _generated(session)
    scratch.remembered = _remembered(session)
    history = [*session.past.measured, scratch.diversity][first:]
    decision = session.policies.diversity.decide(history, history[0], session.past.actions[first:])
    scratch.alarms, scratch.action = decision.alarms, decision.action
    if decision.alarms:
        scratch.events.append(("guard", {"alarms": list(decision.alarms), "action": decision.action}))
        session.notify("guard", {"alarms": list(decision.alarms), "action": decision.action})
    if decision.action == "rollback":
        _roll_back(session)
    return {"alarms": len(decision.alarms), "action": decision.action, "memory": len(session.memory)}


def _generated(session: Session) -> tuple[Diversity, int]:
    """The measurement, and the index of the one it is compared with (its own, when it is the first of its kind)."""
    texts, size, start = _answers(session)
    vectors = session.meaning.embed(texts)
    alike = [i for i, d in enumerate(session.past.measured) if i >= start and d.n == size]
    first = alike[0] if alike else len(session.past.measured)
    cells = session.past.cells[size] if alike else Cells.fit(vectors)
    if not alike:
        session.scratch.cells = cells
        session.scratch.events.append(("cells", {"size": size, **cells.to_json()}))
    return measure(vectors, texts, cells, size=size, rng=session.rng("diversity")), first


def _answers(session: Session) -> tuple[list[str], int, int]:
    """Answers to measure, how many of them, and from which measurement on there may be one to compare with.

    One answer a task: samples of a task grow alike as it is learned. Of verified ones the newest are measured, as many
    as the first time: where an iteration has fewer, those before it complete them.
    """
    scratch, past, tasks = session.scratch, session.past, session.config.sampling.tasks
    verified = _verified(scratch.judged)
    if len(verified) < max(LEAST_VERIFIED, tasks // 2):
        return [a.answer for a in scratch.attempts if a.slot == 0], tasks, past.first_with_exemplars
    first = next((d.n for d in past.measured if d.comparable and d.n != tasks), min(MOST_VERIFIED, len(verified)))
    size = first - (first == tasks)  # the sample sizes tell the two kinds of measurement apart
    for record in reversed(past.records):
        if len(verified) >= size:
            break
        older = _verified([(a, f) for _, a, f in session.journal.judged("attempt", record.number)])
        missing = [item for item in older.items() if item[0] not in verified][: size - len(verified)]
        verified |= dict(missing)
    return list(verified.values()), size, 0


def _verified(judged: Iterable[Judged]) -> dict[str, str]:
    """The last verified answer to each task."""
    return {attempt.task_id: attempt.answer for attempt, feedback in judged if feedback.verified}


def _remembered(session: Session) -> Diversity | None:
    sample = session.memory.sample(session.revision, REMEMBERED_SAMPLE)
    if not sample:
        return None
    texts, cells = [e.answer for e in sample], next(iter(session.past.cells.values()), session.scratch.cells)
    assert cells is not None  # `_generated` fits the first ones
    return measure(
        session.meaning.embed(texts), texts, cells, size=REMEMBERED_SAMPLE, rng=session.rng("remembered sample")
    )


def _roll_back(session: Session) -> None:
    """Return memory and champion to the last iteration without an alarm."""
    scratch, memory = session.scratch, session.memory
    good = next((r for r in reversed(session.past.records) if not r.alarms), session.past.records[0])
    then, now = {e.id: e for e in memory.at(good.revision)}, {e.id for e in memory.alive()}
    reason = f"rolled back to revision {good.revision}"
    undone = dict.fromkeys(now - then.keys(), reason)
    reborn = [_again(e, scratch.number, reason) for e in then.values() if e.id not in now]
    memory.stage(reborn, undone, revision=scratch.number)
    scratch.born += reborn
    scratch.died |= undone
    scratch.champion = session.journal.program(good.champion_id)


def _again(exemplar: Exemplar, revision: int, reason: str) -> Exemplar:
    values = {**exemplar.to_json(), "born": revision, "died": ALIVE, "death": "", "reason": reason}
    return Exemplar.from_json(values)
