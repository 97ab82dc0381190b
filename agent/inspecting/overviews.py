"""Kinds of tasks over the iterations of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from burnish.agent.inspecting.names import latest
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.types import ALIVE, Record


@dataclass(frozen=True)
class CellHistory(Record):
    """A kind of tasks over the iterations: (iteration, tried, verified) of all answers but those of the sealed test,
    when it was `first_solved`, since when it was `lost` (none of the last three or more were right), how many
    exemplars ever came of it, in its `turnover` (iteration, born, died), and in `regained` (iteration, iteration) since
    when it was lost before, and when it was solved again.
    """

    cell: str
    iterations: tuple[tuple[int, int, int], ...]
    first_solved: int | None
    lost: int | None
    exemplars: int
    turnover: tuple[tuple[int, int, int], ...]
    regained: tuple[tuple[int, int], ...] = ()

    @property
    def losses(self) -> str:
        """When it was lost, and when it was solved again, in words; empty where it never was lost."""
        before = [f"from {since}, again in {back}" for since, back in self.regained]
        return "; ".join([*before, *([] if self.lost is None else [f"since {self.lost}"])])


LOST = 3
"""Answers in a row that are wrong, after one that was right, from which on a kind of tasks counts as lost."""


def cells(journal: JournalReader, *, at: int | None = None) -> list[CellHistory]:
    """Every kind of tasks as it stood at an iteration (by default the newest), those with most answers first."""
    rows = journal.named_rows(
        "SELECT cell, iteration, COUNT(*) AS tried, SUM(verified) AS verified FROM answered"
        " WHERE iteration BETWEEN 1 AND ? GROUP BY cell, iteration ORDER BY cell, iteration",
        (latest(at),),
    )
    moved = _turnover(journal, latest(at))
    by_cell: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows:
        by_cell.setdefault(row["cell"], []).append((row["iteration"], row["tried"], int(row["verified"] or 0)))
    found = [
        CellHistory(
            cell,
            tuple(past := by_cell.get(cell, [])),
            _first_solved(past),
            _lost(past),
            sum(born for _, born, _ in moved.get(cell, ())),
            tuple(moved.get(cell, ())),
            tuple(regained_in(past)),
        )
        for cell in by_cell.keys() | moved.keys()
    ]
    return sorted(found, key=lambda one: (-sum(tried for _, tried, _ in one.iterations), one.cell))


def _turnover(journal: JournalReader, last: int) -> dict[str, list[tuple[int, int, int]]]:
    """(iteration, born, died) of exemplars until an iteration, by cell."""
    rows = journal.named_rows(  # a list each, since ten thousand rows take their time
        "SELECT COALESCE(json_extract(body, '$.cell'), '') AS cell, json_group_array(born) AS born,"
        " json_group_array(died) FILTER (WHERE died <= ?1 AND died < ?2) AS died"
        " FROM exemplars WHERE born <= ?1 GROUP BY cell",
        (last, ALIVE),
    )
    moved = {row["cell"]: (Counter(stored(row["born"])), Counter(stored(row["died"]))) for row in rows}
    return {
        cell: [(number, born[number], died[number]) for number in sorted(born.keys() | died.keys())]
        for cell, (born, died) in moved.items()
    }


def shares_over(iterations: Iterable[tuple[int, int, int]], last: int, *, most: int) -> list[float | None]:
    """The share that was solved over iterations 1 to `last`, in at most so many steps of equal length; None where
    nothing was tried.
    """
    return [verified / tried if tried else None for tried, verified in sums_over(iterations, last, most=most)]


def sums_over(counts: Iterable[tuple[int, int, int]], last: int, *, most: int) -> list[tuple[int, int]]:
    """The sums of two counts over iterations 1 to `last`, in at most so many steps of equal length. What came before
    counts to the first.
    """
    width = max(1, min(most, last))
    firsts, seconds = [0] * width, [0] * width
    for number, first, second in counts:
        place = max(0, number - 1) * width // max(1, last)
        firsts[place] += first
        seconds[place] += second
    return list(zip(firsts, seconds, strict=True))


def _first_solved(past: Iterable[tuple[int, int, int]]) -> int | None:
    return next((iteration for iteration, _, verified in past if verified), None)


def _lost(past: list[tuple[int, int, int]]) -> int | None:
    """The first of the iterations at the end without a right answer, where they hold `LOST` answers and one was right
    before.
    """
    last = next((place for place in range(len(past) - 1, -1, -1) if past[place][2]), None)
    after = past[last + 1 :] if last is not None else []
    return after[0][0] if sum(tried for _, tried, _ in after) >= LOST else None


def regained_in(past: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """When it was lost, and solved again later, in (iteration, iteration)."""
    wrong, since, solved = 0, 0, False
    for iteration, tried, verified in past:
        if not verified:
            since = since if wrong else iteration
            wrong += tried
            continue
        if solved and wrong >= LOST:
            yield since, iteration
        wrong, solved = 0, True
