from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.nodes.state import State
from burnish.agent.session import Session
from burnish.policies.diversity import Cells, Diversity, measure
from burnish.types import ALIVE, Exemplar

REMEMBERED_SAMPLE = 64


async def guard(state: State, runtime: Runtime[Session]) -> State:
    """Measure the diversity of what is generated and remembered, and act when it falls.

    It is compared with the first iteration, or with the first that had exemplars to show: they teach the form of an
    answer, which makes answers more alike, once, and is no collapse.
    """
    session = runtime.context
    scratch = session.scratch
    scratch.diversity = _generated(session)
    scratch.remembered = _remembered(session)
    history = [*session.generated_history, scratch.diversity][session.baseline :]
    decision = session.policies.diversity.decide(history, history[0], session.actions[session.baseline :])
    scratch.alarms, scratch.action = decision.alarms, decision.action
    if decision.alarms:
        scratch.events.append(("guard", {"alarms": list(decision.alarms), "action": decision.action}))
        session.notify("guard", {"alarms": list(decision.alarms), "action": decision.action})
    if decision.action == "rollback":
        _roll_back(session)
    return {"alarms": len(decision.alarms), "action": decision.action, "memory": len(session.memory)}


def _generated(session: Session) -> Diversity:
    # one answer a task: samples of one task grow alike as the model learns it, which is no collapse
    texts = [a.answer for a in session.scratch.attempts if a.slot == 0]
    vectors = session.meaning.embed(texts)
    if session.baseline == len(session.generated_history):
        session.cells = Cells.fit(vectors)
        session.scratch.events.append(("cells", session.cells.to_json()))
    assert session.cells is not None
    size = session.config.sampling.tasks
    return measure(vectors, texts, session.cells, size=size, rng=session.rng("diversity"))


def _remembered(session: Session) -> Diversity | None:
    sample = session.memory.sample(session.revision, REMEMBERED_SAMPLE, session.rng("remembered"))
    if not sample or session.cells is None:
        return None
    vectors = session.meaning.embed([e.answer for e in sample])
    return measure(vectors, [e.answer for e in sample], session.cells, size=REMEMBERED_SAMPLE, rng=session.rng("r"))


def _roll_back(session: Session) -> None:
    """Return memory and champion to the last iteration without an alarm."""
    scratch, memory = session.scratch, session.memory
    good = next((r for r in reversed(session.records) if not r.alarms), session.records[0])
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
