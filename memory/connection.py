"""Opening the file of a journal for reading, of today's version or an older one, on any disk and at any path."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from burnish.errors import RunTooNew, RunTooOld, StorageError
from burnish.files import is_regular
from burnish.memory.schema import OLDEST, SCHEMA, SCHEMA_VERSION, migrate
from burnish.memory.writer import Value

MALFORMED = "malformed"
"""What SQLite says of a damaged file that was a journal."""
DAMAGED = "a row of the journal cannot be read, it is not as it was written; `burnish doctor` says more, a copy helps"


def way_out(path: Path) -> str:
    """What to do about a damaged journal."""
    return f"restore it from a copy, or save what can be read by `burnish doctor {path.parent} --repair`"


def opened(path: Path, mode: Literal["ro", "rw"]) -> tuple[sqlite3.Connection, int]:
    """A connection to the tables of today, and the version of those in the file.

    Raises:
        StorageError: it cannot be read.
        RunTooNew, RunTooOld: it is of a version that this one cannot read.

    """
    if not is_regular(path):
        raise StorageError(f"{path} is no regular file; give the directory of a run")
    try:
        reader = sqlite3.connect(uri(path, mode), uri=True, check_same_thread=False)
        reader.row_factory = sqlite3.Row
        version = _version(reader, path)
        if version < SCHEMA_VERSION:
            reader = _migrated(reader, version)
        # SQLite's own `lower` knows no letters beyond ASCII, and texts may be no UTF-8.
        reader.create_function("casefold", 1, _casefold, deterministic=True)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        way_on = way_out(path) if MALFORMED in str(error) else "give the directory of a run"
        raise StorageError(f"{path} cannot be read as a journal ({error}); {way_on}") from None
    return reader, version


def fetched(reader: sqlite3.Connection, sql: str, values: Sequence[Value]) -> list[sqlite3.Row]:
    """The rows of a query, also where a text holds half a pair of surrogates, as JSON of models may."""
    try:
        return reader.execute(sql, values).fetchall()
    except sqlite3.OperationalError as error:
        if "Could not decode" not in str(error):
            raise
    reader.text_factory = _with_surrogates  # from now on: to read all texts so is slower
    try:
        return reader.execute(sql, values).fetchall()
    except UnicodeDecodeError:
        raise StorageError(DAMAGED) from None


def stored(text: str) -> Any:
    """The value that a row of a journal holds as JSON.

    Raises:
        StorageError: it was changed since it was written.

    """
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise StorageError(DAMAGED) from None


def unpacked(body: bytes) -> str:
    """The text that a row of a journal holds packed.

    Raises:
        StorageError: it was changed since it was written.

    """
    try:
        return zlib.decompress(body).decode("utf-8", "surrogatepass")
    except (zlib.error, TypeError, UnicodeDecodeError):
        raise StorageError(DAMAGED) from None


def _casefold(text: bytes | None) -> str:
    return (text or b"").decode("utf-8", "replace").casefold()


def _with_surrogates(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


def uri(path: Path, mode: Literal["ro", "rw"]) -> str:
    """How SQLite is told to open a file. On a read-only disk nothing changes it, and there it needs no lock."""
    log = path.with_name(f"{path.name}-wal")
    fixed = mode == "ro" and not os.access(path.parent, os.W_OK) and not log.exists()
    return f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if fixed else ''}"


def _version(reader: sqlite3.Connection, path: Path) -> int:
    """The version of the tables; a journal that was just laid out has this one's."""
    tables = reader.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchall()
    rows = reader.execute("SELECT value FROM meta WHERE key = 'schema'").fetchall() if tables else []
    version = stored(rows[0]["value"]) if rows else SCHEMA_VERSION
    if not isinstance(version, int):
        raise StorageError(DAMAGED)
    if version > SCHEMA_VERSION:
        raise RunTooNew(
            f"{path.parent} was written by a newer version of Burnish (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); upgrade with `pip install -U burnish`"
        )
    if version < OLDEST:
        raise RunTooOld(
            f"{path.parent} was written by an older version of Burnish (schema {version}, this one reads {OLDEST} to "
            f"{SCHEMA_VERSION}); use the version that wrote it, or start a new run"
        )
    return int(version)


def _migrated(old: sqlite3.Connection, version: int) -> sqlite3.Connection:
    """A copy of an older journal in RAM, with the tables of today. The file stays as it is."""
    new = sqlite3.connect(":memory:", check_same_thread=False)
    old.backup(new)
    old.close()
    new.row_factory = sqlite3.Row
    migrate(new, version)
    new.commit()
    new.executescript(SCHEMA)
    return new
