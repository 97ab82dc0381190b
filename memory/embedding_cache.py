"""Vectors kept by content, so that no text is embedded twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from burnish.errors import StorageError
from burnish.files import make_private
from burnish.memory.connection import uri
from burnish.memory.embedding import Embedder
from burnish.types import content_hash

_KEYS_A_QUERY = 10_000
# SQLite's primary codes for: busy, locked, read-only, disk full, cannot open. Anything else means a damaged file.
_UNUSABLE = {5, 6, 8, 13, 14}
T = TypeVar("T")


class CachedEmbedder:
    """An embedder that remembers, the newest `in_ram` in RAM and, with a path, all in a SQLite file that may be deleted
    at any time.

    Each call embeds the texts it has never seen in one batch, each once. A damaged file is made anew; one that is
    `read_only` stays as it is, and need not be there. Safe to call from several threads.
    """

    def __init__(
        self, embedder: Embedder, path: Path | None = None, *, in_ram: int = 100_000, read_only: bool = False
    ) -> None:
        self._embedder = embedder
        self._in_ram = in_ram
        self.name = embedder.name
        self._lock = threading.Lock()
        self._ram: dict[str, NDArray[np.float32]] = {}
        self._file: _VectorFile | _FixedFile | None = None
        if path:
            self._file = _FixedFile(path) if read_only else _VectorFile(path)

    @property
    def dimensions(self) -> int:
        """The embedder's."""
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), rows of unit length.

        Raises:
            StorageError: the file cannot be used (locked for long, not writable, disk full).

        """
        keys = [content_hash(self.name, text) for text in texts]
        with self._lock:
            held = self._recall(dict.fromkeys(keys))
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in held}
            if missing:
                made = dict(zip(missing, self._embedder.embed(list(missing.values())), strict=True))
                self._keep(made)
                held.update(made)
        return np.array([held[key] for key in keys], dtype=np.float32).reshape(len(keys), self.dimensions)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            if self._file:
                self._file.close()

    def _recall(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        held = {key: self._ram[key] for key in keys if key in self._ram}
        unseen = [key for key in keys if key not in held]
        if self._file and unseen:
            read = self._file.read(unseen, self.dimensions)
            self._remember(read)
            held.update(read)
        return held

    def _keep(self, made: Mapping[str, NDArray[np.float32]]) -> None:
        self._remember(made)
        if self._file:
            self._file.write(made)

    def _remember(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        self._ram.update(vectors)
        surplus = len(self._ram) - self._in_ram
        if surplus > 0:
            for key in list(islice(self._ram, surplus)):
                del self._ram[key]


class _VectorFile:
    """Vectors by key in SQLite, without care for power cuts: everything in it can be made again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def read(self, keys: Sequence[str], dimensions: int) -> dict[str, NDArray[np.float32]]:
        """Those of the keys that are held, of the right length."""
        return self._attempt(lambda db: _vectors(db, keys, dimensions))

    def write(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Insert all in one transaction."""
        rows = [(key, np.asarray(vector, dtype="<f4").tobytes()) for key, vector in vectors.items()]
        self._attempt(lambda db: _insert(db, rows))

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _attempt(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Act on the file; a damaged one is deleted and the action repeated once on a new one."""
        try:
            return action(self._open())
        except sqlite3.DatabaseError as error:
            self._refuse_unusable(error)
        self.close()
        for suffix in ("", "-journal"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        try:
            return action(self._open())
        except sqlite3.DatabaseError as error:
            raise StorageError(f"The embedding cache {self._path} cannot be made anew: {error}.") from error

    def _refuse_unusable(self, error: sqlite3.DatabaseError) -> None:
        if getattr(error, "sqlite_errorcode", 0) % 256 in _UNUSABLE:
            raise StorageError(
                f"The embedding cache {self._path} cannot be used ({error}): free it, or disk space, and run again."
            ) from error

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            make_private(self._path)
            self._db = sqlite3.connect(self._path, timeout=30, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA synchronous=OFF")
            self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        return self._db


class _FixedFile:
    """Vectors in such a file, on whatever disk, none of which is changed; none where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, keys: Sequence[str], dimensions: int) -> dict[str, NDArray[np.float32]]:
        """See `_VectorFile.read`."""
        try:
            with closing(sqlite3.connect(uri(self._path, "ro"), uri=True)) as db:
                return _vectors(db, keys, dimensions)
        except sqlite3.DatabaseError:
            return {}

    def write(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""


def _vectors(db: sqlite3.Connection, keys: Sequence[str], dimensions: int) -> dict[str, NDArray[np.float32]]:
    parts = [keys[start : start + _KEYS_A_QUERY] for start in range(0, len(keys), _KEYS_A_QUERY)]
    rows = [row for part in parts for row in _select(db, part)]
    return {key: np.frombuffer(blob, dtype="<f4") for key, blob in rows if len(blob) == 4 * dimensions}


def _select(db: sqlite3.Connection, keys: Sequence[str]) -> list[tuple[str, bytes]]:
    marks = ",".join("?" * len(keys))
    return db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", keys).fetchall()  # noqa: S608  # marks


def _insert(db: sqlite3.Connection, rows: Sequence[tuple[str, bytes]]) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
