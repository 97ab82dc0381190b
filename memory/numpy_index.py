"""The exact vector index, in RAM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from burnish.memory.index import Neighbour, Vectors, checked, ranked
from burnish.memory.lifespans import Lifespans, Rows, check_batch, grown

# More than float32 matrix products differ by when the same rows are multiplied in another batch.
_SLACK = 1e-5


class NumpyIndex:
    """Every row compared with every query. Nothing is stored: it is filled anew from the journal."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self._spans = Lifespans()
        self._matrix = np.empty((16, dimensions), dtype=np.float32)

    def upsert(self, ids: Sequence[str], vectors: Vectors, *, born: Sequence[int], died: Sequence[int]) -> None:
        """Add or replace rows."""
        vectors = checked(vectors, self.dimensions)
        check_batch(ids, vectors)
        rows = self._spans.put(ids, born, died)
        self._matrix = grown(self._matrix, len(self._spans))
        self._matrix[rows] = vectors

    def bury(self, ids: Sequence[str], died: Sequence[int]) -> None:
        """Set the revision at which rows die."""
        self._spans.bury(ids, died)

    def query(self, vectors: Vectors, n: int, *, revision: int) -> list[list[Neighbour]]:
        """The `n` nearest rows alive at `revision`, exactly."""
        queries = checked(vectors, self.dimensions)
        rows = np.flatnonzero(self._spans.alive(revision))
        n = min(n, len(rows))
        if n <= 0 or not len(queries):
            return [[] for _ in queries]
        similarities = self._similarities(queries, rows)
        peaks = _peaks(similarities, n)
        least = np.partition(peaks, -n, axis=1)[:, -n] - _SLACK
        near = [rows[row >= bar] for row, bar in zip(similarities, least, strict=True)]
        return [self._rank(query, found, n) for query, found in zip(queries, near, strict=True)]

    def _similarities(self, queries: Vectors, rows: Rows) -> NDArray[np.float32]:
        if 2 * len(rows) < len(self._spans):  # copying rows is dearer than multiplying them, so only where few stay
            return queries @ self._matrix[rows].T
        similarities = queries @ self._matrix[: len(self._spans)].T
        return similarities if len(rows) == len(self._spans) else similarities[:, rows]

    def _rank(self, query: NDArray[np.float32], rows: Rows, n: int) -> list[Neighbour]:
        # In float64 and row by row, so that a similarity does not depend on what else is in the batch.
        exact = np.einsum("ij,j->i", self._matrix[rows].astype(np.float64), query.astype(np.float64))
        return ranked(((self._spans.names[row], value) for row, value in zip(rows, exact, strict=True)), n)

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


def _peaks(similarities: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """The maximum of every 64 columns where that leaves more than `n`: the nth of them bounds the nth of all."""
    queries, columns = similarities.shape
    blocks = columns // 64
    if blocks < 4 * n:
        return similarities
    return np.asarray(np.max(similarities[:, : blocks * 64].reshape(queries, blocks, 64), axis=2), dtype=np.float32)
