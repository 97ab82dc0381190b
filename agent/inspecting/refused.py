"""Answers that were not learned: why, how often, and each of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from burnish.agent.inspecting.answers import Answer, answers
from burnish.agent.inspecting.names import latest
from burnish.agent.record.complaints import RefusedRow, refused_rows
from burnish.memory.journal_reader import JournalReader
from burnish.types import Record, content_hash


@dataclass(frozen=True)
class Refusal(Record):
    """A reason for which answers were not remembered, with one complaint of the environment, how many answers it was
    said of, and some of them: ids, the likest to what was remembered first. An answer with several complaints counts
    under each of them; one that was given several times counts once in an iteration.
    """

    reason: str
    feedback: str
    answers: int
    examples: tuple[str, ...]

    @property
    def id(self) -> str:
        """A short name for reason and complaint, however long they are."""
        return content_hash(self.reason, self.feedback)


@dataclass(frozen=True)
class RefusedAnswer(Record):
    """An answer that an `iteration` did not remember, with the reason, all that the environment said of it, and its
    task. `answer` is how it was given first in that iteration, or last before it, with the call that brought it.
    """

    iteration: int
    reason: str
    prompt: str
    answer: Answer


def refusals(journal: JournalReader, *, at: int | None = None, examples: int = 5) -> list[Refusal]:
    """Why answers were not remembered until an iteration (by default the newest), the commonest reason first."""
    counts, some = Counter[tuple[str, str]](), dict[tuple[str, str], dict[str, None]]()
    for row in sorted(refused_rows(journal, latest(at)), key=lambda one: (-one.likeness, one.attempt)):
        for complaint in row.complaints:
            counts[row.reason, complaint] += 1
            some.setdefault((row.reason, complaint), {})[row.attempt] = None
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [Refusal(*reason, count, tuple(some[reason])[:examples]) for reason, count in ranked]


def refused_count(journal: JournalReader, *, at: int | None = None) -> int:
    """How many answers were not remembered, whatever the reasons; one that was given several times counts once in an
    iteration.
    """
    return sum(1 for _ in refused_rows(journal, latest(at)))


def refused_answers(
    journal: JournalReader,
    words: str = "",
    *,
    reason: str = "",
    complaint: str | None = None,
    at: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[RefusedAnswer], int]:
    """The answers that were not remembered, oldest first, and how many they are in all: those with these `words` in the
    reason or in a complaint, in any case; or those of just this `reason` or `complaint`, which may be none.
    """
    sought = " ".join(words.split()).casefold()
    found = [
        row
        for row in refused_rows(journal, latest(at))
        if (not reason or row.reason == reason)
        and (complaint is None or complaint in row.complaints)
        and any(sought in said.casefold() for said in (row.reason, *row.complaints))
    ]
    shown = found[offset : None if limit is None else offset + limit]
    given = _given(journal, shown)
    prompts = _prompts(journal, {one.task for one in given.values()})
    told = [
        RefusedAnswer(row.iteration, row.reason, prompts.get(one.task, ""), one)
        for row in shown
        if (one := given.get((row.iteration, row.attempt)))
    ]
    return told, len(found)


def _given(journal: JournalReader, rows: list[RefusedRow]) -> dict[tuple[int, str], Answer]:
    """By iteration and id: the answer as it was given then, or else last before (proposals are learned from an
    iteration later).
    """
    ids = json.dumps(sorted({row.attempt for row in rows}))
    known: dict[str, list[Answer]] = {}
    for one in answers(journal, "a.id IN (SELECT value FROM json_each(?)) AND a.iteration >= 0", (ids,)):
        known.setdefault(one.attempt, []).append(one)
    found = {}
    for row in rows:
        same = known.get(row.attempt, [])
        then = [one for one in same if one.iteration == row.iteration] or same[::-1]
        before = [one for one in then if one.iteration <= row.iteration] or then
        if before:
            found[row.iteration, row.attempt] = before[0]
    return found


def _prompts(journal: JournalReader, tasks: set[str]) -> dict[str, str]:
    rows = journal.named_rows(
        "SELECT id, json_extract(body, '$.prompt') AS prompt FROM tasks WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(tasks)),),
    )
    return {row["id"]: row["prompt"] for row in rows}
