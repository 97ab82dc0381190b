"""The exemplar memory: every exemplar that ever was, seen as of any revision.

The journal is the truth; this is its view in RAM beside a vector index. New and dead exemplars are staged first,
so that the gate can try them, and become lasting with the journal's commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from burnish.errors import StorageError
from burnish.memory.embedding import Embedder
from burnish.memory.form import Joint
from burnish.memory.index import IndexDamaged, Neighbour, VectorIndex
from burnish.memory.revision_intervals import RevisionIntervals, Rows
from burnish.types import ALIVE, Exemplar

BATCH = 1024
NOW = ALIVE - 1
"""A revision later than any: what is alive then is alive now."""


class Memory:
    """Exemplars, their vectors, and the revision that the next iteration will write. `joint` says how vectors are made
    up of meaning and form; None where they are of one alone.
    """

    def __init__(
        self, exemplars: Iterable[Exemplar], *, embedder: Embedder, index: VectorIndex, joint: Joint | None = None
    ) -> None:
        self.embedder = embedder
        self.joint = joint
        self.index = index
        self._all = {e.id: e for e in sorted(exemplars, key=_place)}
        self._spans = RevisionIntervals()
        self._rows = _column(self._all.values())  # by birth and id, beside the rows of the intervals
        self._spans.put(list(self._all), [e.born for e in self._all.values()], [e.died for e in self._all.values()])
        self._marks = _marks(self._all.values())
        self._staged = Counter[int]()
        self._forgettings = 0
        self.per_lesson = Counter(e.lesson for e in self.alive())
        self.per_cell = Counter(e.cell for e in self.alive())

    def __len__(self) -> int:
        return self.count(NOW)

    def holds(self, exemplar_id: str) -> bool:
        """Whether an exemplar is alive now."""
        exemplar = self._all.get(exemplar_id)
        return exemplar is not None and exemplar.died == ALIVE

    def __getitem__(self, exemplar_id: str) -> Exemplar:
        try:
            return self._all[exemplar_id]
        except KeyError:
            raise StorageError(
                f"exemplar {exemplar_id} is in the index but not in the journal; `burnish doctor` rebuilds the index"
            ) from None

    def at(self, revision: int) -> list[Exemplar]:
        """The exemplars alive at a revision, by birth and id: a resumed run sees the same order."""
        return self._named(np.flatnonzero(self._spans.alive(revision)))

    def count(self, revision: int) -> int:
        """How many are alive at a revision."""
        return self._spans.count(revision)

    def state(self, revision: int) -> tuple[int, int]:
        """Names what is alive at a revision: equal as long as that is. The first number is the earliest revision with
        the same exemplars, the second counts how often that one was staged in this sitting, or any was forgotten.
        """
        last = self._spans.last_change(revision)
        return last, self._staged[last] + self._forgettings

    def unchanged_since(self, revision: int) -> bool:
        """Whether the exemplars alive now are those of that revision."""
        return np.array_equal(self._spans.alive(revision), self._spans.alive(NOW))

    def alive(self) -> list[Exemplar]:
        """The exemplars alive now, staged ones included, as by `at`."""
        return self.at(NOW)

    def sample(self, revision: int, size: int) -> list[Exemplar]:
        """At most `size` exemplars of a revision, by birth: those whose hash is lowest (bottom-k sampling, Cohen and
        Kaplan 2007), so that the sample of a large memory hardly changes while it grows.
        """
        rows = np.flatnonzero(self._spans.alive(revision))
        if len(rows) > size:
            marks = self._marks[rows]
            rows = rows[marks <= np.partition(marks, size - 1)[size - 1]][:size]
        return self._named(rows)

    def changes(self, since: int, until: int) -> tuple[list[str], set[str]]:
        """The ids of those alive at revision `until` and not at `since`, by birth, and of those no longer alive."""
        then, now = self._spans.alive(since), self._spans.alive(until)
        born, gone = (self._named(np.flatnonzero(rows)) for rows in (now & ~then, then & ~now))
        return [e.id for e in born], {e.id for e in gone}

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of exemplars, shape (n, d)."""
        return self.index.vectors(ids)

    def nearest(self, vectors: NDArray[np.float32], n: int, *, revision: int) -> list[list[Neighbour]]:
        """For each row of (q, d) the n most alike exemplars of a revision, most alike first."""
        if not len(vectors):
            return []
        return self.index.query(vectors, n, revision=revision)

    def stage(self, born: Sequence[Exemplar], died: Mapping[str, str], *, revision: int) -> None:
        """Let exemplars be born and die at `revision`; `died` maps ids to reasons."""
        if born:
            vectors = self.embedder.embed([e.prompt for e in born])
            self.index.upsert([e.id for e in born], vectors, born=[e.born for e in born], died=[e.died for e in born])
        self._staged[revision] += 1
        self._enter(born)
        for (exemplar_id, reason), row in zip(died.items(), self._spans.rows(list(died)).tolist(), strict=True):
            gone = self._rows[row]
            self._all[exemplar_id] = self._rows[row] = replace(gone, died=revision, death=reason)
            self.per_lesson[gone.lesson] -= 1
            self.per_cell[gone.cell] -= 1
        if died:
            self.index.retire(list(died), [revision] * len(died))
            self._spans.retire(list(died), [revision] * len(died))

    def forget(self, reasons: Mapping[str, str]) -> None:
        """Have exemplars alive at no revision, so that no program shows them, whichever memory it has; `reasons` are
        by id. What the journal says of their time stays.
        """
        for (exemplar_id, reason), row in zip(reasons.items(), self._spans.rows(list(reasons)).tolist(), strict=True):
            one = self._rows[row]
            self.per_lesson[one.lesson] -= one.died == ALIVE
            self.per_cell[one.cell] -= one.died == ALIVE
            self._all[exemplar_id] = self._rows[row] = never_alive(one, reason)
        births = [self._all[exemplar_id].born for exemplar_id in reasons]
        if births:
            self.index.retire(list(reasons), births)
            self._spans.retire(list(reasons), births)
        self._forgettings += 1

    def _named(self, rows: Rows) -> list[Exemplar]:
        return self._rows[rows].tolist()  # type: ignore[no-any-return]

    def _enter(self, born: Sequence[Exemplar]) -> None:
        """Take in newcomers; those as young that came before are entered again, so that all stand in order."""
        if not born:
            return
        for exemplar in born:
            self._all[exemplar.id] = exemplar
            self.per_lesson[exemplar.lesson] += 1
            self.per_cell[exemplar.cell] += 1
        first = min(map(_place, born))
        peers = list(takewhile(lambda e: _place(e) >= first, reversed(self._rows)))
        if peers:
            self._spans.drop([e.id for e in peers])
        entering = sorted({e.id: e for e in [*peers, *born]}.values(), key=_place)
        older = len(self._rows) - len(peers)
        self._rows = np.concatenate([self._rows[:older], _column(entering)])
        self._marks = np.concatenate([self._marks[:older], _marks(entering)])
        self._spans.put([e.id for e in entering], [e.born for e in entering], [e.died for e in entering])

    def disagreement(self) -> str | None:
        """None when the index holds exactly the journal's exemplars, else what differs."""
        try:
            indexed = self.index.ids()
        except IndexDamaged as error:
            return str(error)
        expected = {e.id: (e.born, e.died) for e in self._all.values()}
        missing, extra = expected.keys() - indexed.keys(), indexed.keys() - expected.keys()
        wrong = [i for i in expected.keys() & indexed.keys() if expected[i] != indexed[i]]
        if missing or extra or wrong:
            return f"{len(missing)} missing, {len(extra)} too many and {len(wrong)} with wrong revisions"
        return None

    def reconcile(self) -> str | None:
        """Make the index equal to the journal; returns what differed."""
        difference = self.disagreement()
        if difference is None:
            return None
        self.index.delete(list(self.index.ids().keys() - self._all.keys()))
        everyone = list(self._all.values())
        for start in range(0, len(everyone), BATCH):
            batch = everyone[start : start + BATCH]
            self.index.upsert(
                [e.id for e in batch],
                self.embedder.embed([e.prompt for e in batch]),
                born=[e.born for e in batch],
                died=[e.died for e in batch],
            )
        return difference


def never_alive(exemplar: Exemplar, reason: str) -> Exemplar:
    """How memory holds what was forgotten."""
    return replace(exemplar, died=exemplar.born, death=reason)


def _column(exemplars: Collection[Exemplar]) -> NDArray[np.object_]:
    column = np.empty(len(exemplars), dtype=np.object_)
    column[:] = list(exemplars)
    return column


def _marks(exemplars: Collection[Exemplar]) -> NDArray[np.uint64]:
    """A number of each that is as good as random and always the same: its id is a hash."""
    return np.array([int(e.id, 16) for e in exemplars], dtype=np.uint64)


def _place(exemplar: Exemplar) -> tuple[int, str]:
    """What exemplars are ordered by."""
    return exemplar.born, exemplar.id
