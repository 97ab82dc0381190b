"""What a vector index promises, and what every backend shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from burnish.errors import StorageError

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (n, dimensions), each row of unit length."""


class IndexDamaged(StorageError):
    """The index on disk cannot be read, or is out of step. It is derived data: rebuild it from the journal."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row near a query. `similarity` is the cosine in [-1, 1], rounded to 6 digits so that equal vectors tie."""

    id: str
    similarity: float


class VectorIndex(Protocol):
    """Unit vectors under ids, each alive at revision r when `born <= r < died`.

    What a write acknowledged survives the process where the backend is on disk. One writer an index: the
    caller holds the run's lock.
    """

    def upsert(self, ids: Sequence[str], vectors: Vectors, *, born: Sequence[int], died: Sequence[int]) -> None:
        """Add rows, or replace those whose id is held. An interrupted call may have written a part: repeat it.

        Raises:
            ValueError: the lengths differ, an id occurs twice, or a vector is not of unit length.

        """
        ...

    def retire(self, ids: Sequence[str], died: Sequence[int]) -> None:
        """Set the revision at which rows die.

        Raises:
            IndexDamaged: an id is not held, so the index is out of step with the journal.

        """
        ...

    def query(self, vectors: Vectors, n: int, *, revision: int) -> list[list[Neighbour]]:
        """For each query the `n` nearest rows alive at `revision`, by falling similarity, then by id.

        All that are alive where these are fewer than `n`.
        """
        ...

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The vectors of rows, in the order asked.

        Raises:
            IndexDamaged: an id is not held.

        """
        ...

    def ids(self) -> dict[str, tuple[int, int]]:
        """Every row's `(born, died)`: what the journal is compared with."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows for good; ids that are not held are passed over."""
        ...

    def close(self) -> None:
        """Release files; a second call does nothing."""
        ...


def checked(vectors: Vectors, dimensions: int) -> Vectors:
    """The vectors as contiguous float32.

    Raises:
        ValueError: they are not of shape (n, dimensions), or a row is not finite and of unit length.

    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != dimensions:
        raise ValueError(f"vectors have shape {array.shape}, not (n, {dimensions}): use the embedder of this index")
    with np.errstate(over="ignore", invalid="ignore"):  # damaged bytes read as any number
        wrong = np.flatnonzero(~(np.abs(np.linalg.norm(array, axis=1) - 1) < 1e-3))
    if wrong.size:
        raise ValueError(f"vector {wrong[0]} is not of unit length: divide it by its norm")
    return array


def similarities(rows: Vectors, query: NDArray[np.float32]) -> list[float]:
    """The cosines of unit rows (n, d) to one (d,), each the same in whatever batch: in float64 and row by row."""
    products: NDArray[np.float64] = np.einsum("ij,j->i", rows.astype(np.float64), query.astype(np.float64))
    return [float(product) for product in products]


def ranked(found: Iterable[tuple[str, float]], n: int) -> list[Neighbour]:
    """The best `n` of (id, similarity), in the order the index promises."""
    rounded = [Neighbour(id_, round(float(similarity), 6)) for id_, similarity in found]
    return sorted(rounded, key=lambda hit: (-hit.similarity, hit.id))[:n]
