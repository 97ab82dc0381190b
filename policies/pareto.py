"""Which programs are best at something: the Pareto set over cells, from which reflection and merging start.

After GEPA (Agrawal et al. 2025), which keeps the candidates that are best on at least one validation task. Here the
places are cells of train tasks, and what was seen little of counts little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

DOUBT = 3.0
"""Answers as good as the reference's by which what was seen of a program in a cell is doubted."""


@dataclass(frozen=True)
class Mean:
    """A sum of scores in [0, 1], and how many."""

    total: float = 0.0
    count: int = 0

    def plus(self, score: float) -> Mean:
        """One more."""
        return Mean(self.total + score, self.count + 1)

    def towards(self, other: float) -> float:
        """The mean, as if `DOUBT` further scores had been `other`."""
        return (self.total + DOUBT * other) / (self.count + DOUBT)


Cells = Mapping[str, Mean]
"""How a program did, by cell."""


def wins(candidates: Sequence[Cells], reference: Cells) -> list[set[str]]:
    """The cells in which each candidate is best, and better than the reference, the program in force.

    A cell belongs to one candidate, the first where two are level. What the reference was never seen at is nobody's.
    """
    won: list[set[str]] = [set() for _ in candidates]
    for cell, known in reference.items():
        base = known.total / known.count
        scores = [cells[cell].towards(base) if cell in cells else base for cells in candidates]
        best = max(range(len(scores)), key=scores.__getitem__, default=None)
        if best is not None and scores[best] > base:
            won[best].add(cell)
    return won


def draw_parent(won: Sequence[Sequence[str] | set[str]], cells: int, rng: np.random.Generator) -> int | None:
    """A candidate with a probability in proportion to the cells that it wins; None for the reference, which has the
    rest of `cells`.
    """
    weights = [len(one) for one in won]
    place = int(rng.integers(max(1, cells)))
    for index, upto in enumerate(np.cumsum(weights).tolist()):
        if place < upto:
            return index
    return None
