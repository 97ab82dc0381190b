"""Programs beside others on the same train tasks: what was seen of each, whichever of the two made the attempts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from burnish.agent.inspecting.names import latest
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.records import ComparisonRecord


@dataclass(frozen=True)
class Beside:
    """A comparison in an iteration, and which program was champion before it."""

    iteration: int
    champion: str
    record: ComparisonRecord

    def sign(self, ids: Collection[str], same: Collection[str]) -> int:
        """Which side is one of some programs: 1 for the one that was put beside, -1 for a proposal that made the
        attempts while the champion was put beside it, 0 for neither. `same` are those that count as the same.
        """
        if self.record.program_id in ids:
            return 1
        leads = self.record.kind == "proposal" and self.record.beside_id in ids and self.champion not in same
        return -1 if leads else 0


def comparisons(journal: JournalReader, *, at: int | None = None) -> list[Beside]:
    """All of them until an iteration (by default the newest), oldest first."""
    rows = journal.named_rows(
        "SELECT number, LAG(champion, 1, champion) OVER (ORDER BY number) AS champion,"
        " json_extract(body, '$.comparisons') AS compared FROM iterations WHERE number <= ? ORDER BY number",
        (latest(at),),
    )
    return [
        Beside(row["number"], row["champion"], ComparisonRecord.from_json(one))
        for row in rows
        for one in stored(row["compared"] or "[]")
    ]
