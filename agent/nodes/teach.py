from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.rendering import task_request
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Checked, Shown, Taught
from burnish.agent.rollouts.retriever import Recalled
from burnish.errors import ModelRejected
from burnish.records import Completion
from burnish.types import Attempt, Task, Usage

NODE = "teach"


async def teach(iteration: Iteration, shown: Shown, checked: Checked, *, tasks: Sequence[Task]) -> Taught:
    """Ask the teacher for answers to tasks at which the model failed, within the teacher's own budget.

    They are verified like all others; one that refuses or repeats the task is simply wrong.
    """
    teaching = iteration.config.teaching
    verified = [feedback.verified for _, feedback in checked.judged if feedback.status.judged]
    if sum(verified) >= teaching.until * len(verified) or iteration.environment.episodic:
        return Taught()
    solved = {attempt.task_id for attempt, feedback in checked.judged if feedback.verified}
    failed = [i for i, task in enumerate(tasks) if task.id not in solved]
    chosen = failed[: max(0, min(teaching.tasks, teaching.calls - iteration.past.taught))]
    attempts = await gather_in_order(_taught(iteration, shown, tasks[i], shown.recalled[i]) for i in chosen)
    feedbacks = await iteration.environment.judge_all(
        [(tasks[i], attempt.answer) for i, attempt in zip(chosen, attempts, strict=True)]
    )
    judged = tuple(zip(attempts, feedbacks, strict=True))
    await iteration.journal.add_judged(iteration.number, NODE, judged)
    return Taught(judged)


async def _taught(iteration: Iteration, shown: Shown, task: Task, recalled: Recalled) -> Attempt:
    """The teacher's answer; an empty one where its server rejects the request."""
    request = task_request(shown.program, recalled.exemplars, task)
    exemplar_ids = tuple(exemplar.id for exemplar in recalled.exemplars)
    try:
        completion = await iteration.caller.ask("teacher", request, Place(NODE, task.id))
    except ModelRejected:
        completion = Completion("", model="", usage=Usage(calls=1), truncated=True)
    return Attempt(
        task.id,
        0,
        completion.text,
        shown.program.id,
        completion.model,
        exemplar_ids,
        truncated=completion.truncated,
        usage=completion.usage,
        origin="teacher",
        call=completion.call,
    )
