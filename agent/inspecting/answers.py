"""Judged answers as an inspector shows them, and where each exemplar was shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.types import Attempt, Feedback, Record, Status

COLUMNS = """a.iteration, a.node, a.id, a.program, json_extract(a.body, '$.task_id') AS task,
json_extract(a.body, '$.answer') AS answer, json_extract(a.body, '$.call') AS call,
json_extract(a.body, '$.rung') AS rung, json_extract(a.body, '$.reviewer') AS reviewer,
json_extract(a.body, '$.exemplar_ids') AS exemplars,
json_extract(a.verdict, '$.reward') AS reward, json_extract(a.verdict, '$.verified') AS verified,
json_extract(a.verdict, '$.text') AS feedback, json_extract(a.verdict, '$.status') AS status"""
"""What is read of a row of `attempts`, called `a`."""


@dataclass(frozen=True)
class Answer(Record):
    """One judged answer to a task, by a program, in a node of an iteration (-1: the sealed test). `call` is the key of
    the call that brought it, empty in older runs and where no model was asked; `exemplars` are the ids of those that
    were shown. `reviewer` is the person who judged it, if one did.
    """

    iteration: int
    node: str
    attempt: str
    task: str
    program: str
    answer: str
    reward: float
    verified: bool
    feedback: str
    status: str
    rung: str
    call: str
    exemplars: tuple[str, ...]
    reviewer: str = ""

    @property
    def judged(self) -> bool:
        """Whether the environment gave a verdict."""
        return Status(self.status).judged

    @classmethod
    def of(cls, iteration: int, node: str, attempt: Attempt, feedback: Feedback) -> Self:
        """That of the journal's records."""
        return cls(
            iteration=iteration,
            node=node,
            attempt=attempt.id,
            task=attempt.task_id,
            program=attempt.program_id,
            answer=attempt.answer,
            reward=feedback.reward,
            verified=feedback.verified,
            feedback=feedback.text,
            status=feedback.status,
            rung=attempt.rung,
            call=attempt.call,
            exemplars=attempt.exemplar_ids,
            reviewer=attempt.reviewer,
        )


def answer_of(row: Mapping[str, Any] | sqlite3.Row) -> Answer:
    """An answer from `COLUMNS`."""
    return Answer(
        iteration=row["iteration"],
        node=row["node"],
        attempt=row["id"],
        task=row["task"] or "",
        program=row["program"] or "",
        answer=row["answer"] or "",
        reward=float(row["reward"] or 0.0),
        verified=bool(row["verified"]),
        feedback=row["feedback"] or "",
        status=row["status"] or "ok",
        rung=row["rung"] or "",
        call=row["call"] or "",
        exemplars=tuple(stored(row["exemplars"] or "[]")),
        reviewer=row["reviewer"] or "",
    )


def answers(journal: JournalReader, where: str, values: Iterable[str | int] = ()) -> list[Answer]:
    """The answers of rows of `attempts`, called `a`, that fulfil a condition of ours, in their order."""
    sql = f"SELECT {COLUMNS} FROM attempts a WHERE {where} ORDER BY a.iteration, a.node, a.place"  # noqa: S608 (ours)
    return [answer_of(row) for row in journal.named_rows(sql, tuple(values))]


def answers_to(journal: JournalReader, task: str) -> list[Answer]:
    """The answers to a task, oldest first; those of the sealed test come last."""
    sql = (
        f"SELECT {COLUMNS} FROM answered s JOIN attempts a USING(iteration, node, place)"  # noqa: S608 (ours)
        " WHERE s.task = ? ORDER BY a.iteration < 0, a.iteration, a.node, a.place"
    )
    return [answer_of(row) for row in journal.named_rows(sql, (task,))]


def showings(journal: JournalReader, exemplar: str) -> list[Answer]:
    """The answers that an exemplar was shown for, oldest first; those of the sealed test come last."""
    sql = (
        f"SELECT {COLUMNS} FROM shown s JOIN attempts a USING(iteration, node, place)"  # noqa: S608 (ours)
        " WHERE s.exemplar = ? ORDER BY a.iteration < 0, a.iteration, a.node, a.place"
    )
    return [answer_of(row) for row in journal.named_rows(sql, (exemplar,))]
