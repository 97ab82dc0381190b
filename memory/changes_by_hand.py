"""What a journal says of changes by hand: those that were made, and those that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from burnish.by_hand import ByHand
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.memory.schema import BY_ITERATION
from burnish.types import JsonValue


@dataclass(frozen=True)
class Queued:
    """A change by hand with its number, and the iteration that it is, None as long as it waits."""

    number: int
    iteration: int | None
    change: ByHand


def changes_by_hand(journal: JournalReader) -> list[Queued]:
    """All of them, in order."""
    rows = journal.named_rows("SELECT number, iteration, body FROM by_hand ORDER BY number")
    return [Queued(row["number"], row["iteration"], ByHand.from_json(stored(row["body"]))) for row in rows]


def lessons_of(journal: JournalReader, number: int) -> list[Mapping[str, JsonValue]]:
    """What a change brings, if it is an import: exemplars with all that is needed to judge them again."""
    ((said,),) = journal.rows("SELECT lessons FROM by_hand WHERE number = ?", (number,))
    return list(stored(str(said) or "[]"))


def waiting(journal: JournalReader) -> list[Queued]:
    """Those that are not made yet, in order."""
    return [one for one in changes_by_hand(journal) if one.iteration is None]


def begun(journal: JournalReader) -> int:
    """The last iteration of which the journal has anything, whether it is committed or not; -1 before the first."""
    newest = [-1 if (number := journal.newest()) is None else number]
    for table, (column, _) in BY_ITERATION.items():
        ((last,),) = journal.rows(f"SELECT MAX({column}) FROM {table}")  # noqa: S608 (names of the schema)
        newest.append(-1 if last is None else int(str(last)))
    return max(newest)
