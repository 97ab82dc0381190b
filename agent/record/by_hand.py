"""What changes by hand leave in force: what is pinned, what is forgotten, and which iterations are none of learning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from burnish.by_hand import ByHand
from burnish.memory.changes_by_hand import changes_by_hand
from burnish.memory.journal_reader import JournalReader
from burnish.memory.store import never_alive
from burnish.programs import Program
from burnish.records import NOT_RIGHT, IterationRecord
from burnish.types import Exemplar


@dataclass(frozen=True)
class Forgotten:
    """In which iteration an answer was forgotten, and why."""

    number: int
    reason: str


Said: TypeAlias = tuple[str, str]
"""What an exemplar says: lesson and answer. It is the same for one that is born again."""


def said_by(exemplar: Exemplar) -> Said:
    """Its lesson and its answer."""
    return exemplar.lesson, exemplar.answer


def pinned(records: Iterable[IterationRecord]) -> frozenset[str]:
    """The ids of exemplars that no policy evicts, after some iterations."""
    return _left_pinned(record.by_hand for record in records if record.by_hand)


def pinned_at(journal: JournalReader, number: int) -> frozenset[str]:
    """The same at the end of an iteration, read off the changes alone."""
    made = (one for one in changes_by_hand(journal) if one.iteration is not None and one.iteration <= number)
    return _left_pinned(one.change for one in made)


def _left_pinned(changes: Iterable[ByHand]) -> frozenset[str]:
    found: set[str] = set()
    for change in changes:
        if change.action == "pin":
            found |= set(change.ids)
        elif change.action == "unpin":
            found -= set(change.ids)
    return frozenset(found)


def forgotten(journal: JournalReader, records: Iterable[IterationRecord]) -> dict[Said, Forgotten]:
    """What was forgotten in some iterations."""
    changes = [(r.number, r.by_hand) for r in records if r.by_hand and r.by_hand.action == "forget"]
    return {
        said_by(exemplar): Forgotten(number, change.reason)
        for number, change in changes
        for exemplar in journal.exemplars_named(change.ids)
    }


def taken_back(journal: JournalReader) -> set[Said]:
    """What died since a client called it wrong, of what a client's word had brought in: it does not come back by going
    back to an earlier iteration.
    """
    return {said_by(one) for one in journal.exemplars() if one.death.startswith(NOT_RIGHT)}


def reasons_against(exemplars: Iterable[Exemplar], known: Mapping[Said, Forgotten]) -> dict[str, str]:
    """Those exemplars that are forgotten, by id, and why."""
    return {exemplar.id: found.reason for exemplar in exemplars if (found := known.get(said_by(exemplar)))}


def as_held(exemplars: Sequence[Exemplar], known: Mapping[Said, Forgotten]) -> list[Exemplar]:
    """Exemplars as memory holds them: those that are forgotten are alive at no revision."""
    reasons = reasons_against(exemplars, known)
    return [never_alive(one, reasons[one.id]) if one.id in reasons else one for one in exemplars]


def without(program: Program, ids: Collection[str], *, number: int, following: bool) -> Program:
    """A program that does not show some exemplars that it does show: in iteration `number`, where its memory is
    `following`, with what is remembered then.
    """
    if following and not program.only:
        return program.at(number)
    if not program.only:
        return replace(program, dropped=tuple(sorted({*program.dropped, *ids})))
    left = tuple(id_ for id_ in program.only if id_ not in ids)
    return replace(program, only=left) if left else program.at(number)


def follows(records: Iterable[IterationRecord], *, configured: bool) -> bool:
    """Whether the champion's memory grows by itself: where that is `configured`, until it was seen to do harm."""
    return configured and not any(record.harmful for record in records)


def of_learning(records: Iterable[IterationRecord]) -> list[IterationRecord]:
    """The iterations that are not by hand."""
    return [record for record in records if not record.by_hand]


def before_sealed(records: Iterable[IterationRecord]) -> list[IterationRecord]:
    """The iterations before the sealed test, whose champion it judged, those by hand included."""
    return [record for record in records if not (record.by_hand and record.by_hand.after_sealed)]


def since_sealed(records: Iterable[IterationRecord]) -> list[IterationRecord]:
    """Those by hand after the sealed test: its verdict is of another program than theirs."""
    return [record for record in records if record.by_hand and record.by_hand.after_sealed]
