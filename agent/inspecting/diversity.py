"""Whether memory narrows: diversity over the iterations, and the exemplars most alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from burnish.agent.record.memory import recalled_memory
from burnish.agent.record.run import Run
from burnish.by_hand import ByHand
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.types import Exemplar, JsonValue, Record


@dataclass(frozen=True)
class DiversityAt(Record):
    """Diversity of what an iteration generated and of what is `remembered` after it, by measure, see
    `burnish.policies.diversity`; what the guard found, and what it did. Nothing is generated in an iteration that is a
    change `by_hand`: who did what.
    """

    iteration: int
    generated: Mapping[str, JsonValue]
    remembered: Mapping[str, JsonValue]
    alarms: tuple[str, ...]
    action: str
    by_hand: str = ""


@dataclass(frozen=True)
class Near(Record):
    """Two exemplars at a cosine to each other."""

    one: Exemplar
    other: Exemplar
    likeness: float


def diversity(journal: JournalReader) -> list[DiversityAt]:
    """That of every iteration."""
    rows = journal.named_rows(
        "SELECT number, json_extract(body, '$.diversity') AS generated,"
        " json_extract(body, '$.remembered') AS remembered, json_extract(body, '$.alarms') AS alarms,"
        " json_extract(body, '$.action') AS action, json_extract(body, '$.by_hand') AS by_hand"
        " FROM iterations ORDER BY number"
    )
    return [
        DiversityAt(
            iteration=row["number"],
            generated=stored(row["generated"] or "{}"),
            remembered=stored(row["remembered"] or "{}"),
            alarms=tuple(stored(row["alarms"] or "[]")),
            action=row["action"] or "none",
            by_hand=f"changed by hand: {ByHand.from_json(stored(row['by_hand'])).said}" if row["by_hand"] else "",
        )
        for row in rows
    ]


def nearest_pairs(run: Run, at: int | None = None, *, most: int = 20) -> list[Near]:
    """The pairs of exemplars most alike, of those remembered at a revision (by default the newest); each exemplar with
    the one nearest to it.

    Raises:
        ConfigError: there is no such revision.

    """
    with run.journal() as journal:
        revision = run.number(journal, at)
        memory = recalled_memory(run.place, run.config, journal, revision)
    ids = [exemplar.id for exemplar in memory.at(revision)]
    found: dict[tuple[str, str], float] = {}
    for own, row in zip(ids, memory.nearest(memory.vectors(ids), 2, revision=revision), strict=True):
        for neighbour in row:
            if neighbour.id != own:
                low, high = sorted((own, neighbour.id))
                found[low, high] = neighbour.similarity
    best = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [Near(memory[one], memory[other], likeness) for (one, other), likeness in best]
