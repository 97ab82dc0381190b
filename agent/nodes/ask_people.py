"""Asking people: questions go into the journal, and the run waits there for decisions (`burnish review`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.nodes.iteration import Iteration
from burnish.errors import BudgetExhausted, Waiting
from burnish.policies.involvement import decided
from burnish.programs import Program
from burnish.records import Decision, Question
from burnish.types import Attempt, Exemplar, Message, Task

CLEAN = (
    "Here are a task and the answer that a person wrote. Write the answer again, corrected where it needs it, in the "
    "form that the task asks for. Reply with the answer and nothing else."
)

LOOKING_SECONDS = 0.2
"""Between two looks at what was decided."""


async def ask_people(iteration: Iteration, questions: Sequence[Question]) -> dict[str, Decision]:
    """The decision on each question, by its id; waits for those that are missing.

    Raises:
        Waiting: patience was at its end.
        BudgetExhausted: the time budget was.
        Interrupted: the run is to stop.

    """
    await iteration.journal.add_questions(questions)
    ends = None if (patience := iteration.config.review.patience_seconds) is None else monotonic() + patience
    told = -1
    while True:
        settled = decided(iteration.journal.decisions())
        missing = sum(question.id not in settled for question in questions)
        if not missing:
            return {question.id: settled[question.id] for question in questions}
        if missing != told:
            told = missing
            iteration.notify("waiting", {"questions": missing})
        iteration.caller.raise_if_stopped()
        if iteration.caller.replays or iteration.caller.ledger.seconds_left() <= 0:
            raise BudgetExhausted(f"the time budget ended while {missing} questions waited for people", limit="seconds")
        if ends is not None and monotonic() >= ends:
            raise Waiting(f"{missing} questions wait for people")
        await asyncio.sleep(LOOKING_SECONDS)


async def written(iteration: Iteration, tasks: Sequence[Task], program: Program) -> list[Attempt]:
    """Answers that people write to tasks; a question that is rejected has none."""
    questions = [Question("write", iteration.number, t.id, t.prompt, cell=t.cell) for t in tasks]
    decisions = await ask_people(iteration, questions)
    return [
        Attempt(task.id, 0, decision.answer, program.id, model="", origin="person", reviewer=decision.who)
        for task, decision in zip(tasks, (decisions[q.id] for q in questions), strict=True)
        if decision.action == "edit"
    ]


def written_by_hand(iteration: Iteration) -> list[Task]:
    """The tasks of the exemplars that people made."""
    return [iteration.journal.task(exemplar.task_id) for exemplar in _by_hand(iteration).values()]


async def cleaned(iteration: Iteration, tasks: Sequence[Task], program: Program) -> list[Attempt]:
    """What people wrote to tasks, as the model would correct it."""
    drafts = _by_hand(iteration)

    async def clean(task: Task) -> Attempt:
        request = ChatRequest(
            messages=(
                Message("system", CLEAN),
                Message("user", defuse(f"Task: {task.prompt}\n\nAnswer: {drafts[task.id].answer}")),
            ),
            max_tokens=program.decoding.max_tokens,
        )
        completion = await iteration.caller.ask("task", request, Place("attempt", task.id))
        return Attempt(
            task.id,
            0,
            completion.text.strip(),
            program.id,
            completion.model,
            truncated=completion.truncated,
            usage=completion.usage,
            origin="cleaned",
            call=completion.call,
        )

    return list(await gather_in_order(clean(task) for task in tasks))


def _by_hand(iteration: Iteration) -> dict[str, Exemplar]:
    """The newest exemplar of each task that people made, also where what was cleaned has replaced it."""
    known = [*iteration.memory.at(0), *iteration.memory.alive()]
    return {e.task_id: e for e in known if e.origin in {"seed", "person"}}
