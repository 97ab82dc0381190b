"""The vector index on disk: a chroma collection.

Up to `in_ram` rows their vectors are kept in RAM too, and a query is exact and costs nothing of chroma's. Beyond,
chroma searches its graph. Its own filter costs 0.7 s at 100,000 rows, and seconds where few rows match, so it is the
last resort: a query asks for more rows than needed and drops those not alive, by a copy of the revisions in RAM. Where
few are alive, and for queries that stay short, every row alive is fetched and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from burnish.memory.chroma_client import chroma_errors, connect, open_collection
from burnish.memory.graph_files import GraphFiles
from burnish.memory.index import IndexDamaged, Neighbour, Vectors, checked, ranked
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.revision_intervals import RevisionIntervals, check_batch

if TYPE_CHECKING:
    from chromadb.base_types import Where

IN_RAM = 200_000
"""Rows up to which vectors are kept in RAM: 0.5 GB at 640 dimensions. An exact comparison of a batch is quicker there
than a search of chroma's graph at any such size."""
_BATCH = 5_000  # chroma takes 5,461 rows a call, and SQLite 32,766 variables a statement
_WIDEST = 1_024  # beyond, asking for more rows than needed costs more than comparing all that are alive
_SCAN = 5_000  # comparing this many takes 0.2 s, as long as chroma's filter with 10,000 rows
_HITS_A_ROW = 8  # fetching a row to compare it costs as much as this many hits of a search


class ChromaIndex:
    """Approximate search in a folder of its own; what was acknowledged survives a killed process.

    `close` before the folder is removed or opened again.

    Raises:
        IndexDamaged: by any method: the folder's files cannot be read, or hold vectors of other dimensions.
        StorageError: the folder cannot be used at all (not writable, disk full, locked).

    """

    def __init__(self, directory: Path, dimensions: int, *, in_ram: int = IN_RAM) -> None:
        self.directory = directory
        self.dimensions = dimensions
        self._most_in_ram = in_ram
        self._spans = RevisionIntervals()
        self._ram: NumpyIndex | None = None
        self._files = GraphFiles(directory)
        self._files.verify()
        self._cleanup = ExitStack()
        with ExitStack() as failed, chroma_errors(directory):
            client = connect(directory)
            failed.callback(client.close)
            self._collection = open_collection(client)
            self._load()
            self._probe()
            self._mirror()
            self._cleanup = failed.pop_all()
        self._files.vouch()

    def upsert(self, ids: Sequence[str], vectors: Vectors, *, born: Sequence[int], died: Sequence[int]) -> None:
        """Add or replace rows, 5,000 a write."""
        vectors = checked(vectors, self.dimensions)
        check_batch(ids, vectors, born, died)
        for part in _parts(len(ids)):
            metadatas = [{"born": int(b), "died": int(d)} for b, d in zip(born[part], died[part], strict=True)]
            with chroma_errors(self.directory):
                self._collection.upsert(ids=list(ids[part]), embeddings=vectors[part], metadatas=[*metadatas])
            self._files.vouch()
            self._spans.put(ids[part], born[part], died[part])
            if self._ram is not None:
                self._ram.upsert(ids[part], vectors[part], born=born[part], died=died[part])
        if len(self._spans) > self._most_in_ram:
            self._ram = None

    def retire(self, ids: Sequence[str], died: Sequence[int]) -> None:
        """Set the revision at which rows die."""
        check_batch(ids, died)
        self._spans.rows(ids)
        for part in _parts(len(ids)):
            with chroma_errors(self.directory):
                self._collection.update(ids=list(ids[part]), metadatas=[{"died": int(d)} for d in died[part]])
            self._files.vouch()
            self._spans.retire(ids[part], died[part])
        if self._ram is not None:
            self._ram.retire(ids, died)

    def query(self, vectors: Vectors, n: int, *, revision: int) -> list[list[Neighbour]]:
        """The `n` nearest rows alive at `revision`.

        Exact up to `in_ram` rows, and where all rows are seen or compared; elsewhere a graph search that finds nearly
        always the same.
        """
        if self._ram is not None:
            return self._ram.query(vectors, n, revision=revision)
        queries = checked(vectors, self.dimensions)
        alive = self._spans.alive(revision)
        count = int(alive.sum())
        n = min(n, count)
        if n <= 0 or not len(queries):
            return [[] for _ in queries]
        found = self._wide(queries, n, alive)
        short = [at for at, hits in enumerate(found) if hits is None]
        if short:
            rest = self._compare if count <= _SCAN else self._filter
            for at, hits in zip(short, rest(queries[short], n, revision), strict=True):
                found[at] = hits
        return [hits or [] for hits in found]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The vectors of rows, in the order asked."""
        self._spans.rows(ids)
        return self._fetch(ids) if self._ram is None else self._ram.vectors(ids)

    def ids(self) -> dict[str, tuple[int, int]]:
        """Every row's `(born, died)`."""
        return self._spans.as_dict()

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows for good."""
        held = [id_ for id_ in dict.fromkeys(ids) if id_ in self._spans]
        for part in _parts(len(held)):
            with chroma_errors(self.directory):
                self._collection.delete(ids=held[part])
            self._files.vouch()
        self._spans.drop(held)
        if self._ram is not None:
            self._ram.delete(held)

    def close(self) -> None:
        """Release chroma's files."""
        self._cleanup.close()
        self._files.vouch()

    def _fetch(self, ids: Sequence[str]) -> Vectors:
        """Vectors as the files hold them."""
        held: dict[str, NDArray[np.float32]] = {}
        unique = list(dict.fromkeys(ids))
        for part in _parts(len(unique)):
            with chroma_errors(self.directory):
                rows = self._collection.get(ids=unique[part], include=["embeddings"])
            with np.errstate(over="ignore", invalid="ignore"):  # damaged numbers are refused below
                held.update(zip(rows["ids"], np.asarray(rows["embeddings"], dtype=np.float32), strict=True))
        if len(held) < len(unique):
            raise IndexDamaged(f"The vector index in {self.directory} lost rows: remove it and rebuild it.")
        array = np.array([held[id_] for id_ in ids], dtype=np.float32).reshape(len(ids), -1 if ids else self.dimensions)
        try:
            return checked(array, self.dimensions)
        except ValueError as error:
            raise IndexDamaged(
                f"The vector index in {self.directory} holds a wrong vector ({error}): remove it and rebuild it."
            ) from error

    def _load(self) -> None:
        for start in range(0, self._collection.count(), _BATCH):
            rows = self._collection.get(include=["metadatas"], limit=_BATCH, offset=start)
            spans = cast("list[dict[str, int] | None]", rows["metadatas"])
            born, died = ([(span or {}).get(key, -1) for span in spans] for key in ("born", "died"))
            self._spans.put(rows["ids"], born, died)

    def _probe(self) -> None:
        # Chroma opens some damaged folders without complaint; reading a few rows back finds that out.
        names = self._spans.names
        sample = names[:: max(1, len(names) // 8)][:8]
        if not sample:
            return
        best = chain.from_iterable(self._search(self._fetch(sample), 1))
        if max((similarity for _, similarity in best), default=0.0) < 0.999:
            raise IndexDamaged(f"The vector index in {self.directory} does not find its own rows: rebuild it.")

    def _mirror(self) -> None:
        names = self._spans.names
        if len(names) <= self._most_in_ram:
            self._ram = NumpyIndex(self.dimensions)
            spans = self._spans.as_dict()
            born, died = ([spans[name][at] for name in names] for at in (0, 1))
            self._ram.upsert(names, self._fetch(names), born=born, died=died)

    def _search(self, queries: Vectors, n: int, where: Where | None = None) -> list[list[tuple[str, float]]]:
        with chroma_errors(self.directory):
            result = self._collection.query(query_embeddings=queries, n_results=n, where=where, include=["distances"])
        pairs = zip(result["ids"], result["distances"] or (), strict=True)
        return [[(id_, 1 - d) for id_, d in zip(ids, distances, strict=True)] for ids, distances in pairs]

    def _wide(self, queries: Vectors, n: int, alive: NDArray[np.bool_]) -> list[list[Neighbour] | None]:
        """Search without filter; None for a query that may have missed a row."""
        count = int(alive.sum())
        ask = min(len(alive), (2 * n + 32) * len(alive) // count)
        if ask > _WIDEST or count * _HITS_A_ROW <= ask * len(queries):
            return [None] * len(queries)
        return [self._settled(hits, ask, n, alive) for hits in self._search(queries, ask)]

    def _settled(
        self, hits: list[tuple[str, float]], ask: int, n: int, alive: NDArray[np.bool_]
    ) -> list[Neighbour] | None:
        living = alive[self._spans.rows([id_ for id_, _ in hits])]
        best = ranked((hit for hit, lives in zip(hits, living, strict=True) if lives), n)
        if len(hits) < ask or len(best) < n:
            return None
        # Rows as near as the last one kept may lie beyond what was asked for: the lowest ids must win.
        tied = best[-1].similarity <= round(hits[-1][1], 6)
        return None if tied and ask < len(alive) else best

    def _compare(self, queries: Vectors, n: int, revision: int) -> list[list[Neighbour]]:
        alive = [self._spans.names[row] for row in np.flatnonzero(self._spans.alive(revision))]
        exact = NumpyIndex(self.dimensions)
        exact.upsert(alive, self._fetch(alive), born=[0] * len(alive), died=[1] * len(alive))
        return exact.query(queries, n, revision=0)

    def _filter(self, queries: Vectors, n: int, revision: int) -> list[list[Neighbour]]:
        where = cast("Where", {"$and": [{"born": {"$lte": revision}}, {"died": {"$gt": revision}}]})
        return [ranked(hits, n) for hits in self._search(queries, 2 * n + 32, where)]


def _parts(length: int) -> Iterator[slice]:
    return (slice(start, start + _BATCH) for start in range(0, length, _BATCH))
