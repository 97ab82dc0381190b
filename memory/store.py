"""The exemplar memory: every exemplar that ever was, seen as of any revision.

The journal is the truth; this is its view in RAM beside a vector index. New and dead exemplars are staged first,
so that the gate can try them, and become lasting with the journal's commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from burnish.errors import StorageError
from burnish.memory.embedding import Embedder
from burnish.memory.index import IndexDamaged, Neighbour, VectorIndex
from burnish.types import ALIVE, Exemplar

BATCH = 1024


class Memory:
    """Exemplars, their vectors, and the revision that the next iteration will write."""

    def __init__(self, exemplars: Iterable[Exemplar], *, embedder: Embedder, index: VectorIndex) -> None:
        self.embedder = embedder
        self.index = index
        self._all = {e.id: e for e in exemplars}
        self._alive = {e.id: e for e in self._all.values() if e.died == ALIVE}
        self.per_task = Counter(e.task_id for e in self._alive.values())
        self.per_cell = Counter(e.cell for e in self._alive.values())
        self._as_of: dict[int, list[Exemplar]] = {}

    def __len__(self) -> int:
        return len(self._alive)

    def __getitem__(self, exemplar_id: str) -> Exemplar:
        try:
            return self._all[exemplar_id]
        except KeyError:
            raise StorageError(
                f"exemplar {exemplar_id} is in the index but not in the journal; `burnish doctor` rebuilds the index"
            ) from None

    def at(self, revision: int) -> list[Exemplar]:
        """The exemplars alive at a revision, by birth and id."""
        if revision not in self._as_of:
            alive = (e for e in self._all.values() if e.alive(revision))
            self._as_of[revision] = sorted(alive, key=lambda e: (e.born, e.id))
        return self._as_of[revision]

    def unchanged_since(self, revision: int) -> bool:
        """Whether the exemplars alive now are those of that revision."""
        return all(e.id in self._alive for e in self.at(revision)) and len(self.at(revision)) == len(self._alive)

    def alive(self) -> list[Exemplar]:
        """The exemplars alive now, staged ones included, by birth and id: a resumed run sees the same order."""
        return sorted(self._alive.values(), key=lambda e: (e.born, e.id))

    def sample(self, revision: int, size: int, rng: np.random.Generator) -> list[Exemplar]:
        """At most `size` exemplars alive at a revision, in order of birth."""
        everyone = self.at(revision)
        if len(everyone) <= size:
            return everyone
        return [everyone[i] for i in sorted(rng.choice(len(everyone), size, replace=False).tolist())]

    def vectors(self, exemplars: Sequence[Exemplar]) -> NDArray[np.float32]:
        """Their vectors, shape (n, d)."""
        return self.index.vectors([e.id for e in exemplars])

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
        for exemplar in born:
            self._all[exemplar.id] = self._alive[exemplar.id] = exemplar
            self.per_task[exemplar.task_id] += 1
            self.per_cell[exemplar.cell] += 1
        for exemplar_id, reason in died.items():
            gone = self._alive.pop(exemplar_id)
            self._all[exemplar_id] = replace(gone, died=revision, death=reason)
            self.per_task[gone.task_id] -= 1
            self.per_cell[gone.cell] -= 1
        if died:
            self.index.bury(list(died), [revision] * len(died))
        self._as_of.clear()

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
