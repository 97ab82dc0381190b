"""Tasks: how often each was tried and solved, and every answer to one."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.inspecting.answers import Answer, answers
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.types import Exemplar, Record, Split, Task, split_of


@dataclass(frozen=True)
class TaskLine(Record):
    """A task, how many answers to it were judged and verified, in which iteration the first was, and how many exemplars
    came of it.
    """

    id: str
    split: Split
    cell: str
    prompt: str
    tried: int
    verified: int
    first_solved: int | None
    exemplars: int


@dataclass(frozen=True)
class TaskStory(Record):
    """A task, every answer to it, oldest first, and the exemplars that came of it."""

    task: Task
    answers: tuple[Answer, ...]
    exemplars: tuple[Exemplar, ...]


def task_lines(journal: JournalReader) -> list[TaskLine]:
    """Every task that was answered, the most tried first."""
    rows = journal.named_rows(
        "SELECT t.id, json_extract(t.body, '$.prompt') AS prompt, COALESCE(json_extract(t.body, '$.cell'), '') AS cell,"
        " a.tried, a.verified, a.first, COALESCE(e.n, 0) AS exemplars FROM tasks t JOIN"
        " (SELECT json_extract(body, '$.task_id') AS task, COUNT(*) AS tried,"
        "  SUM(json_extract(verdict, '$.verified')) AS verified,"
        "  MIN(CASE WHEN json_extract(verdict, '$.verified') AND iteration >= 0 THEN iteration END) AS first"
        "  FROM attempts GROUP BY task) a ON a.task = t.id LEFT JOIN"
        " (SELECT json_extract(body, '$.task_id') AS task, COUNT(*) AS n FROM exemplars GROUP BY task) e"
        " ON e.task = t.id ORDER BY a.tried DESC, t.id"
    )
    return [
        TaskLine(
            id=row["id"],
            split=split_of(row["id"]),
            cell=row["cell"],
            prompt=row["prompt"],
            tried=row["tried"],
            verified=int(row["verified"] or 0),
            first_solved=row["first"],
            exemplars=row["exemplars"],
        )
        for row in rows
    ]


def task_story(journal: JournalReader, task_id: str) -> TaskStory:
    """The story of a task, by its id.

    Raises:
        ConfigError: there is no such task.

    """
    if not journal.has_task(task_id):
        raise ConfigError(f"this run posed no task {task_id}; `burnish tasks` lists them")
    return TaskStory(
        task=journal.task(task_id),
        answers=tuple(answers(journal, "json_extract(a.body, '$.task_id') = ?", (task_id,))),
        exemplars=tuple(journal.exemplars_where("json_extract(body, '$.task_id') = ?", (task_id,))),
    )
