"""The exact vector index, in RAM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from burnish.memory.index import Neighbour, Vectors, checked, ranked, similarities
from burnish.memory.revision_intervals import RevisionIntervals, Rows, check_batch, grown

# More than float32 matrix products differ by when the same rows are multiplied in another batch.
_SLACK = 1e-5
_NEVER = np.float32(-2)
_BLOCK = 2048  # so many products of a batch of queries stay in the processor's cache until they are written


class NumpyIndex:
    """Every row compared with every query. Nothing is stored: it is filled anew from the journal."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._spans = RevisionIntervals()
        self._matrix = np.empty((16, dimensions), dtype=np.float32)

    def upsert(self, ids: Sequence[str], vectors: Vectors, *, born: Sequence[int], died: Sequence[int]) -> None:
        """Add or replace rows."""
        vectors = checked(vectors, self.dimensions)
        check_batch(ids, vectors)
        rows = self._spans.put(ids, born, died)
        self._matrix = grown(self._matrix, len(self._spans))
        self._matrix[rows] = vectors

    def retire(self, ids: Sequence[str], died: Sequence[int]) -> None:
        """Set the revision at which rows die."""
        self._spans.retire(ids, died)

    def query(self, vectors: Vectors, n: int, *, revision: int) -> list[list[Neighbour]]:
        """The `n` nearest rows alive at `revision`, exactly."""
        queries = checked(vectors, self.dimensions)
        rows = np.flatnonzero(self._spans.alive(revision))
        n = min(n, len(rows))
        if n <= 0 or not len(queries):
            return [[] for _ in queries]
        found = self._products(queries, rows)
        peaks = _peaks(found, n)
        least = np.maximum(np.partition(peaks, -n, axis=1)[:, -n], -1) - _SLACK  # no dead row reaches that
        return [
            self._rank(query, np.flatnonzero(row >= bar), n)
            for query, row, bar in zip(queries, found, least, strict=True)
        ]

    def _products(self, queries: Vectors, alive: Rows) -> NDArray[np.float32]:
        """The cosine of each query to every row; that of a dead one is below all others."""
        rows = len(self._spans)
        found = np.empty((len(queries), rows), dtype=np.float32)
        if 2 * len(alive) < rows:  # copying rows is dearer than multiplying them, so only where few stay
            found[:] = _NEVER
            found[:, alive] = queries @ self._matrix[alive].T
            return found
        for start in range(0, rows, _BLOCK):
            block = slice(start, min(start + _BLOCK, rows))
            found[:, block] = queries @ self._matrix[block].T
        if len(alive) < rows:
            dead = np.ones(rows, dtype=np.bool_)
            dead[alive] = False
            found[:, dead] = _NEVER
        return found

    def _rank(self, query: NDArray[np.float32], rows: Rows, n: int) -> list[Neighbour]:
        exact = similarities(self._matrix[rows], query)
        return ranked(zip((self._spans.names[row] for row in rows), exact, strict=True), n)

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The vectors of rows, in the order asked."""
        return self._matrix[self._spans.rows(ids)]

    def ids(self) -> dict[str, tuple[int, int]]:
        """Every row's `(born, died)`."""
        return self._spans.as_dict()

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows for good."""
        self._matrix = self._matrix[self._spans.drop(ids)]

    def close(self) -> None:
        """Nothing to release."""


def _peaks(products: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """The maximum of every 64 columns where that leaves more than `n`: the nth of them bounds the nth of all."""
    queries, columns = products.shape
    blocks = columns // 64
    if blocks < 4 * n:
        return products
    return np.asarray(np.max(products[:, : blocks * 64].reshape(queries, blocks, 64), axis=2), dtype=np.float32)
