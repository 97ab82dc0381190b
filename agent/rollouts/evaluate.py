"""Having the environment judge what was answered, once."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.environments.verdicts import failed
from burnish.errors import PluginError
from burnish.memory.journal_reader import JournalReader
from burnish.types import Attempt, Feedback, Split, Status, Task

Judged = tuple[Attempt, Feedback]

TIMES = 2
"""How often an environment is asked for a verdict that it fails to give."""


async def judge_all(
    environment: GuardedEnvironment | LearningEnvironment,
    journal: JournalReader,
    tasks: Sequence[Task],
    attempts: Sequence[Attempt],
) -> list[Feedback]:
    """The verdict on each attempt; one that the journal knows is not asked for again. Where the environment fails it is
    asked once more. What the server did not answer is not judged.
    """
    known = {i: f for i, f in journal.verdicts({a.id for a in attempts}).items() if f.status.judged}
    known |= {a.id: failed(Status.UNANSWERED, a.fault) for a in attempts if a.fault}
    for _ in range(TIMES):
        left = {a.id: (t, a.answer) for t, a in zip(tasks, attempts, strict=True) if not _is_known(known.get(a.id))}
        feedbacks = await environment.judge_all(list(left.values()))
        known |= dict(zip(left, feedbacks, strict=True))
    return [known[a.id] for a in attempts]


def _is_known(feedback: Feedback | None) -> bool:
    return feedback is not None and (feedback.status.judged or feedback.status is Status.UNANSWERED)


def none_posed(environment: str, split: Split) -> PluginError:
    """The error of an environment that poses no tasks of a split."""
    return PluginError(
        f"environment {environment} poses no {split} tasks; a task's split is decided by the hash of its prompt, so "
        "pose some dozens of different ones"
    )
