from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from langgraph.runtime import Runtime

from burnish.agent.expanding.base import Draft, Expander, Growth
from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.nodes.state import State
from burnish.policies.curriculum import Effort
from burnish.policies.elimination import by_pass_rate, elimination
from burnish.records import Completion
from burnish.types import Attempt, JsonValue, Task


async def expand(state: State, runtime: Runtime[Session]) -> State:
    """Add tasks that the run makes itself: each is read and solved by the environment and, if it was written for an
    answer, has that as a right one.
    """
    session = runtime.context
    scratch = session.scratch
    made: list[Task] = []
    for expander in session.expanders:
        for draft in await expander.drafts(_growth(session, expander)):
            task, reason = await _checked(session, expander, draft, [*scratch.tasks, *made])
            scratch.events.append(("draft", {"operator": f"{expander.name} {draft.operator}", "refused": reason}))
            if task is not None:
                made.append(task)
                scratch.outputs += [_output(session, task, draft)] if draft.answer else []
    scratch.tasks += made
    scratch.efforts += [Effort(session.config.expanding.samples, searching=False)] * len(made)
    await session.journal.add_tasks(made)
    return {"expanded": len(made)}


def _growth(session: Session, expander: Expander) -> Growth:
    async def ask(request: ChatRequest, item: str) -> Completion:
        return await session.caller.ask("reflector", request, Place("expand", item))

    async def evolve(task: Task, operator: str, slot: int) -> Task | None:
        return await session.environment.evolve(task, operator, (session.seed_for("evolve") + slot) % 2**31)

    return Growth(
        tasks=[*session.scratch.tasks, *(session.journal.task(i) for i in session.past.evolved)],
        exemplars=session.memory.alive(),
        count=session.config.expanding.drafts,
        yields={
            operator.partition(" ")[2]: tally
            for operator, tally in session.past.drafts.items()
            if operator.startswith(f"{expander.name} ")
        },
        rng=session.rng(expander.name),
        ask=ask,
        evolve=evolve if session.environment.evolving else None,
    )


async def _checked(
    session: Session, expander: Expander, draft: Draft, known: Sequence[Task]
) -> tuple[Task | None, str]:
    """The task that a draft is, or why it is none."""
    environment = session.environment
    parent = draft.parent.prompt if draft.parent else ""
    if not draft.text:
        return None, "nothing was written: the operator does not fit, or the model said nothing"
    if reason := elimination(draft.text, parent, [task.prompt for task in known]):
        return None, reason
    task = draft.task or await environment.parse(draft.text)
    if task is None:
        return None, "the environment reads no task in it"
    if task.split != "train":
        return None, "it belongs to the tasks that are held out"
    if any(task.id == other.id for other in known) or session.journal.has_task(task.id):
        return None, "equal to a task that is known"
    if await environment.solve(task) is None:
        return None, "the environment knows no answer to it"
    if draft.answer and not (await environment.judge(task, draft.answer)).verified:
        return None, "the answer it was written for is not right"
    generation = draft.parent.generation + draft.harder if draft.parent else 1
    return replace(
        task,
        origin=expander.origin,
        parent=draft.parent.id if draft.parent else "",
        author=draft.author,
        operator=f"{expander.name} {draft.operator}",
        generation=generation,
    ), ""


def sift(session: Session) -> None:
    """Eliminate the evolved tasks in hand that the program always or never solves; what was answered to them is not
    learned. A parent whose children are eliminated may be drawn again.
    """
    scratch = session.scratch
    for task in scratch.tasks:
        judged = {a.id: f.verified for a, f in scratch.judged if a.task_id == task.id and f.status.judged}
        if task.origin != "evolved" or not judged:
            continue
        reason = by_pass_rate(sum(judged.values()), len(judged))
        if reason:
            scratch.barred |= dict.fromkeys(judged, f"task eliminated: {reason}")
        outcome: JsonValue = {"task": task.id, "operator": task.operator, "eliminated": reason}
        scratch.events.append(("evolved", outcome))


def _output(session: Session, task: Task, draft: Draft) -> Attempt:
    """The answer that a task was written for, as an attempt at it."""
    return Attempt(task.id, -1, draft.answer, session.champion.id, model=draft.answerer, origin="augmented")
