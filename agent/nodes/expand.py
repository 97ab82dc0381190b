from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from burnish.agent.expanding.base import Draft, Expander, Growth
from burnish.agent.models.calls import Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Drawn, Expanded
from burnish.agent.record.events import Drafted
from burnish.policies.curriculum import Effort
from burnish.policies.elimination import elimination
from burnish.records import Completion
from burnish.types import Attempt, Task


async def expand(iteration: Iteration, drawn: Drawn, expanders: Sequence[Expander]) -> Expanded:
    """Add tasks that the run makes itself: each is read and solved by the environment and, if it was written for an
    answer, has that as a right one.
    """
    made: list[Task] = []
    outputs: list[Attempt] = []
    events: list[Drafted] = []
    for expander in expanders:
        for draft in await expander.drafts(_growth(iteration, drawn, expander)):
            task, reason = await _checked(iteration, expander, draft, [*drawn.tasks, *made])
            events.append(Drafted(expander.name, draft.operator, reason))
            if task is not None:
                made.append(task)
                outputs += [_output(iteration, task, draft)] if draft.answer else []
    efforts = (Effort(iteration.config.expanding.samples, searching=False),) * len(made)
    await iteration.journal.add_tasks(iteration.number, made)
    return Expanded(tuple(made), efforts, tuple(outputs), tuple(events))


def _growth(iteration: Iteration, drawn: Drawn, expander: Expander) -> Growth:
    async def ask(request: ChatRequest, item: str) -> Completion:
        return await iteration.caller.ask("reflector", request, Place("expand", item))

    async def evolve(task: Task, operator: str, slot: int) -> Task | None:
        return await iteration.environment.evolve(task, operator, (iteration.seed_for("evolve") + slot) % 2**31)

    past = iteration.past
    return Growth(
        tasks=[*drawn.tasks, *(iteration.journal.task(i) for i in past.evolved)],
        exemplars=iteration.memory.alive(),
        count=iteration.config.expanding.drafts,
        yields=past.drafts.get(expander.name, {}),
        rng=iteration.rng(expander.name),
        ask=ask,
        evolve=evolve if iteration.environment.evolving else None,
    )


async def _checked(
    iteration: Iteration, expander: Expander, draft: Draft, known: Sequence[Task]
) -> tuple[Task | None, str]:
    """The task that a draft is, or why it is none."""
    environment = iteration.environment
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
    if any(task.id == other.id for other in known) or iteration.journal.has_task(task.id):
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


def _output(iteration: Iteration, task: Task, draft: Draft) -> Attempt:
    """The answer that a task was written for, as an attempt at it."""
    return Attempt(task.id, -1, draft.answer, iteration.champion.id, model=draft.answerer, origin="augmented")
