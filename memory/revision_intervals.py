"""Which rows are alive when: ids with their revisions of birth and death, in growing arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Sized
from itertools import chain
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from burnish.memory.index import IndexDamaged

Rows: TypeAlias = NDArray[np.intp]
ScalarT = TypeVar("ScalarT", bound=np.generic)


class RevisionIntervals:
    """Rows numbered from 0 in order of arrival; asking all of 100,000 costs well under a millisecond."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._row: dict[str, int] = {}
        self._spans = np.empty((16, 2), dtype=np.int64)
        self._births = Counter[int]()
        self._deaths = Counter[int]()

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._row

    def put(self, ids: Sequence[str], born: Sequence[int], died: Sequence[int]) -> Rows:
        """Add or replace; returns the row of each id.

        Raises:
            ValueError: the lengths differ or an id occurs twice.

        """
        check_batch(ids, born, died)
        self._counted(self.rows([id_ for id_ in ids if id_ in self._row]), -1)
        new = [id_ for id_ in ids if id_ not in self._row]
        self._row.update(zip(new, range(len(self.names), len(self.names) + len(new)), strict=True))
        self.names.extend(new)
        self._spans = grown(self._spans, len(self.names))
        rows = self.rows(ids)
        self._spans[rows, 0] = born
        self._spans[rows, 1] = died
        self._counted(rows, 1)
        return rows

    def retire(self, ids: Sequence[str], died: Sequence[int]) -> None:
        """Set the revision of death of rows that are held."""
        check_batch(ids, died)
        rows = self.rows(ids)
        self._counted(rows, -1)
        self._spans[rows, 1] = died
        self._counted(rows, 1)

    def rows(self, ids: Sequence[str]) -> Rows:
        """The rows of ids.

        Raises:
            IndexDamaged: an id is not held.

        """
        try:
            return np.array([self._row[id_] for id_ in ids], dtype=np.intp)
        except KeyError as error:
            raise IndexDamaged(
                f"The vector index does not hold exemplar {error.args[0]}: rebuild it from the journal."
            ) from None

    def drop(self, ids: Sequence[str]) -> Rows:
        """Remove ids, passing over those not held; returns the old rows that stay, in their new order."""
        gone = set(ids)
        stay = np.array([row for row, id_ in enumerate(self.names) if id_ not in gone], dtype=np.intp)
        self.names = [id_ for id_ in self.names if id_ not in gone]
        self._row = {id_: row for row, id_ in enumerate(self.names)}
        self._spans = self._spans[stay]
        self._births.clear()
        self._deaths.clear()
        self._counted(np.arange(len(stay)), 1)
        return stay

    def alive(self, revision: int) -> NDArray[np.bool_]:
        """Shape (rows,): whether each row is alive at `revision`."""
        spans = self._spans[: len(self.names)]
        return np.logical_and(spans[:, 0] <= revision, revision < spans[:, 1])

    def count(self, revision: int) -> int:
        """How many rows are alive at `revision`; only the revisions are gone through, not the rows."""
        births, deaths = (
            sum(n for r, n in counted.items() if r <= revision) for counted in (self._births, self._deaths)
        )
        return births - deaths

    def last_change(self, revision: int) -> int:
        """The last revision up to `revision` at which a row was born or died; -1 when there is none."""
        counted = chain(self._births.items(), self._deaths.items())
        return max((r for r, n in counted if n and r <= revision), default=-1)

    def _counted(self, rows: Rows, sign: int) -> None:
        for counted, revisions in zip((self._births, self._deaths), self._spans[rows].T, strict=True):
            values, counts = np.unique(revisions, return_counts=True)
            for value, n in zip(values.tolist(), counts.tolist(), strict=True):
                counted[value] += sign * n

    def as_dict(self) -> dict[str, tuple[int, int]]:
        """Every id's `(born, died)`."""
        spans = self._spans[: len(self.names)].tolist()
        return {id_: (born, died) for id_, (born, died) in zip(self.names, spans, strict=True)}


def check_batch(ids: Sequence[str], *columns: Sized) -> None:
    """Refuse a batch whose columns differ in length or whose ids repeat.

    Raises:
        ValueError: naming the lengths, or that an id occurs twice.

    """
    if {len(column) for column in columns} - {len(ids)}:
        raise ValueError(f"{len(ids)} ids came with columns of lengths {[len(column) for column in columns]}")
    if len(set(ids)) < len(ids):
        raise ValueError("an id occurs twice in one batch: keep one of them")


def grown(array: NDArray[ScalarT], rows: int) -> NDArray[ScalarT]:
    """The array with room for at least `rows` rows; it at least doubles, so that filling it costs linear time."""
    if rows <= len(array):
        return array
    larger = np.empty((max(rows, 2 * len(array)), *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
