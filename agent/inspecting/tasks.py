"""Tasks: how often each was tried and solved, and every answer to one."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.inspecting.answers import Answer, answers_to
from burnish.agent.inspecting.names import latest
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.records import SEALED
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


def task_lines(
    journal: JournalReader,
    *,
    at: int | None = None,
    cell: str | None = None,
    unsolved: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> list[TaskLine]:
    """The tasks that were answered, those of the sealed test last, the most tried first: all, those of a `cell`, or
    those never solved; in the whole run, or up to an iteration and without the sealed test.
    """
    rows = journal.named_rows(
        "SELECT a.*, json_extract(t.body, '$.prompt') AS prompt,"
        " (SELECT COUNT(*) FROM exemplars e WHERE json_extract(e.body, '$.task_id') = +a.task AND e.born <= ?)"
        " AS exemplars FROM"
        " (SELECT task, cell, COUNT(*) AS tried, SUM(verified) AS solved,"
        "  MIN(CASE WHEN verified AND iteration >= 0 THEN iteration END) AS first, MAX(iteration) AS last FROM answered"
        "  WHERE (? IS NULL OR cell = ?) AND iteration BETWEEN ? AND ? GROUP BY task HAVING solved = 0 OR ?"
        "  ORDER BY MAX(iteration) < 0, tried DESC, task LIMIT ? OFFSET ?) a"
        " CROSS JOIN tasks t ON t.id = a.task ORDER BY a.last < 0, a.tried DESC, a.task",
        (
            *(latest(at), cell, cell, SEALED if at is None else 0, latest(at), not unsolved),
            *(-1 if limit is None else limit, offset),
        ),
    )
    return [
        TaskLine(
            id=row["task"],
            split=split_of(row["task"]),
            cell=row["cell"],
            prompt=row["prompt"],
            tried=row["tried"],
            verified=row["solved"],
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
        answers=tuple(answers_to(journal, task_id)),
        exemplars=tuple(journal.exemplars_where("json_extract(body, '$.task_id') = ?", (task_id,))),
    )
