"""How near each of many vectors is to those taken before it, at the speed of matrix products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 2048
"""Rows of one matrix product; bounds the memory it takes."""


class Taken:
    """The vectors that a greedy choice has taken so far, of `vectors` of shape (n, d) and unit length.

    The choice goes through the places in rising order, asks `nearest` of each and may `take` it. All of a block of
    places are compared at once with what was taken before the block, so n = 100,000 takes n / `BLOCK` large products
    and not n small ones.
    """

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors
        self._taken = np.empty_like(vectors)
        self._count = 0
        self._start = 0
        self._within = self._near = np.empty(0, dtype=np.float32)

    def nearest(self, place: int) -> float:
        """The highest cosine of the vector at `place` to one that was taken; minus infinity before the first."""
        if place >= self._start + len(self._near):
            self._open(place)
        return float(self._near[place - self._start])

    def take(self, place: int) -> None:
        """Take the vector at `place`, of which `nearest` was asked last."""
        self._taken[self._count] = self._vectors[place]
        self._count += 1
        np.maximum(self._near, self._within[place - self._start], out=self._near)

    def _open(self, start: int) -> None:
        block = self._vectors[start : start + BLOCK]
        self._start, self._within = start, block @ block.T
        self._near = nearest_cosines(block, self._taken[: self._count])


def nearest_cosines(vectors: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each vector the highest cosine to one of the others, minus infinity where there are none; shape (n,)."""
    nearest = np.full(len(vectors), -np.inf, dtype=np.float32)
    for start in range(0, len(others), BLOCK):
        np.maximum(nearest, (vectors @ others[start : start + BLOCK].T).max(axis=1), out=nearest)
    return nearest
