"""Having the environment judge what was answered, once."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.errors import PluginError
from burnish.memory.journal_reader import JournalReader
from burnish.types import Attempt, Feedback, Split, Task

Judged = tuple[Attempt, Feedback]


async def judge_all(
    environment: GuardedEnvironment | LearningEnvironment,
    journal: JournalReader,
    tasks: Sequence[Task],
    attempts: Sequence[Attempt],
) -> list[Feedback]:
    """The verdict on each attempt; one that the journal knows is not asked for again, a failure to judge is."""
    known = {i: f for i, f in journal.verdicts({a.id for a in attempts}).items() if f.status.judged}
    unknown = {a.id: (t, a.answer) for t, a in zip(tasks, attempts, strict=True) if a.id not in known}
    feedbacks = await environment.judge_all(list(unknown.values()))
    known |= dict(zip(unknown, feedbacks, strict=True))
    return [known[a.id] for a in attempts]


def none_posed(environment: str, split: Split) -> PluginError:
    """The error of an environment that poses no tasks of a split."""
    return PluginError(
        f"environment {environment} poses no {split} tasks; a task's split is decided by the hash of its prompt, so "
        "pose some dozens of different ones"
    )
