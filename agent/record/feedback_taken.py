"""Which feedback on served answers a run took in before, and taking in what is new as a change by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.agent.record.feedback_file import FeedbackRecord, chain_of, feedback_file, read_feedback
from burnish.by_hand import ByHand
from burnish.errors import ConfigError
from burnish.memory.changes_by_hand import changes_by_hand, lessons_of
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.types import ASKED, JsonValue, Record

MOST_NAMED = 3
"""People that a change by hand names one by one."""


@dataclass(frozen=True)
class TakenIn(Record):
    """What became of a file of feedback as a sitting began: so many `answers` are taken in, and so many are `foreign`,
    of another run that was served; or the `problem` for which nothing is taken in.
    """

    file: str
    answers: int = 0
    foreign: int = 0
    problem: str = ""


def words_of(journal: JournalReader, number: int) -> list[FeedbackRecord]:
    """What a change by hand takes in, if it is feedback."""
    return [FeedbackRecord.from_json(said) for said in lessons_of(journal, number)]


def asked_of(journal: JournalReader) -> set[str]:
    """The ids of texts that clients asked, and the environment did not pose."""
    rows = journal.rows("SELECT id FROM tasks WHERE json_extract(body, '$.origin') = ?", (ASKED,))
    return {str(id_) for (id_,) in rows}


def not_taken_yet(journal: JournalReader, records: Sequence[FeedbackRecord]) -> list[FeedbackRecord]:
    """Those that no change by hand holds, made or waiting."""
    changes = [one for one in changes_by_hand(journal) if one.change.action == "feedback"]
    known = {_as_said(said) for one in changes for said in words_of(journal, one.number)}
    return [record for record in records if _as_said(record) not in known]


def _as_said(record: FeedbackRecord) -> tuple[str | float, ...]:
    return record.answer, record.attempt.id, record.when, record.who, record.reward, record.text


def is_own(journal: JournalReader, record: FeedbackRecord) -> bool:
    """Whether it is on an answer of this run. An earlier run of the same name may have left a file."""
    known = bool(journal.rows("SELECT 1 FROM programs WHERE id = ?", (record.attempt.program_id,)))
    return known and record.chain in ("", chain_of(journal))


def change_of(records: Sequence[FeedbackRecord], file: Path, *, when: str, because: str = "", by: str = "") -> ByHand:
    """The change that takes feedback in: of those who gave it; `by` is who took it in, where that was a person."""
    names = list(dict.fromkeys(record.by for record in records))
    more = len(names) - MOST_NAMED
    others = [f"{more} other{'s' * (more > 1)}"] if more > 0 else []
    *first, last = [*names[:MOST_NAMED], *others]
    who = f"{', '.join(first)} and {last}" if first else last
    answers = f"{len(records)} answer{'s' * (len(records) != 1)}"
    return ByHand(
        "feedback", who, when, because, source=f"{answers} in {file.name}{f', brought by {by}' if by else ''}"
    )


def as_lessons(journal: JournalReader, records: Sequence[FeedbackRecord]) -> list[dict[str, JsonValue]]:
    """What the journal holds of them. Of answers of another run it does not say what they were made with, which this
    run does not know.
    """
    return [(record if is_own(journal, record) else _of_another(record)).to_json() for record in records]


def _of_another(record: FeedbackRecord) -> FeedbackRecord:
    return replace(record, attempt=replace(record.attempt, program_id="", exemplar_ids=()))


def take_in_what_lies_beside(place: Path, journal: Journal, *, when: str) -> TakenIn | None:
    """Queue the feedback on answers of a run that lies beside its folder and is new; None where there is nothing to
    say. What is wrong with the file is said, and stops nothing. The caller holds the lock.
    """
    file = feedback_file(place)
    if not file.is_file() or journal.newest() is None:
        return None
    try:
        records = not_taken_yet(journal, read_feedback(file).records)
    except ConfigError as error:
        return TakenIn(str(file), problem=str(error))
    own = [record for record in records if is_own(journal, record)]
    if own:
        journal.queue(change_of(own, file, when=when), as_lessons(journal, own))
    return TakenIn(str(file), len(own), len(records) - len(own)) if records else None
