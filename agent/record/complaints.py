"""What an environment found fault with in the answers that were not learned, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from burnish.memory.journal_reader import JournalReader
from burnish.records import ADMITTED
from burnish.types import ALIVE


class RefusedRow(NamedTuple):
    """An answer, by the `attempt`'s id, that an iteration did not learn, for what `reason`, how like it was to what was
    remembered, and what the environment `said` of it.
    """

    iteration: int
    attempt: str
    reason: str
    likeness: float
    said: str

    @property
    def complaints(self) -> tuple[str, ...]:
        """See `complaints`; one that is empty where nothing was said."""
        return complaints(self.said) or ("",)


def complaints(feedback: str) -> tuple[str, ...]:
    """The different lines of what an environment said of an answer, in their order: each is a complaint of its own."""
    return tuple(dict.fromkeys(line for part in feedback.splitlines() if (line := " ".join(part.split()))))


def refused_rows(journal: JournalReader, until: int = ALIVE) -> Iterator[RefusedRow]:
    """All answers that were not learned until an iteration, oldest first; one that was given several times in an
    iteration once.
    """
    rows = journal.named_rows(
        "SELECT p.iteration, p.attempt, p.outcome, COALESCE(json_extract(p.body, '$.likeness'), 0) AS likeness,"
        " (SELECT json_extract(a.verdict, '$.text') FROM attempts a WHERE a.id = p.attempt LIMIT 1) AS said"
        " FROM applicants p WHERE p.outcome != ? AND p.iteration <= ? ORDER BY p.iteration, p.place",
        (ADMITTED, until),
    )
    for row in rows:
        yield RefusedRow(row["iteration"], row["attempt"], row["outcome"], row["likeness"], row["said"] or "")
