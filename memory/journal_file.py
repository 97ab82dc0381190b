"""The file of a journal: opened for reading or writing, of a version that this program reads; rows in and out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from burnish.errors import RunTooNew, RunTooOld, StorageError
from burnish.memory.schema import SCHEMA, SCHEMA_VERSION
from burnish.memory.writer import Statement, Value, Writer
from burnish.types import JsonValue


class JournalFile:
    """One `journal.db`. Use `open`; `join` beside a process at work; `read` for a look without writing."""

    def __init__(self, path: Path, writer: Writer | None) -> None:
        self.path = path
        self._writer = writer
        mode = "ro" if writer is None else "rw"
        try:
            self._reader = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, check_same_thread=False)
            self._reader.row_factory = sqlite3.Row
            self._check_version()
        except sqlite3.Error as error:
            raise StorageError(f"{path} is no readable journal ({error}); give the directory of a run") from None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open for writing, creating it when it is not there. Bare intents become `lost`."""
        if path.exists():
            cls.read(path).close()
        writer = Writer(path, SCHEMA)
        writer.write_blocking(
            ("INSERT OR IGNORE INTO meta VALUES('schema', ?)", (str(SCHEMA_VERSION),)),
            ("UPDATE calls SET state = 'lost' WHERE state = 'intent'", ()),
        )
        return cls(path, writer)

    @classmethod
    def join(cls, path: Path) -> Self:
        """Open for writing people's decisions, beside a process that may be at work on the run."""
        cls.read(path).close()
        return cls(path, Writer(path, SCHEMA))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open for reading only; works while another process writes."""
        if not path.is_file():
            raise StorageError(f"{path.parent} holds no run (no {path.name}); give the directory of a run")
        return cls(path, None)

    def copy_to(self, path: Path, *, without: Sequence[str]) -> None:
        """Write a copy to `path`, all of it or nothing, that lacks some facts of the whole run, by name."""
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        copy = sqlite3.connect(part)
        self._reader.backup(copy)
        copy.executemany("DELETE FROM meta WHERE key = ?", [(name,) for name in without])
        copy.commit()
        copy.close()
        part.replace(path)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader.close()

    def set_meta(self, **values: JsonValue) -> None:
        """Keep facts of the whole run, by name."""
        self._write_blocking(
            [("INSERT OR REPLACE INTO meta VALUES(?, ?)", (k, json.dumps(v))) for k, v in values.items()]
        )

    async def add_meta(self, key: str, value: JsonValue) -> None:
        """`set_meta` for code in an event loop."""
        await self._write(("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, json.dumps(value))))

    def meta(self, key: str) -> JsonValue:
        """A fact of the whole run, None when it was never set."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(rows[0]["value"]) if rows else None

    def _check_version(self) -> None:
        tables = self._rows("SELECT name FROM sqlite_master WHERE name = 'meta'")
        version = self.meta("schema") if tables else None
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise RunTooNew(
                f"{self.path.parent} was written by a newer version of Burnish (schema {version}, this one reads "
                f"{SCHEMA_VERSION}); upgrade with `pip install -U burnish`"
            )
        if isinstance(version, int) and version < SCHEMA_VERSION:
            raise RunTooOld(
                f"{self.path.parent} was written by an older version of Burnish (schema {version}, this one reads "
                f"{SCHEMA_VERSION}); use the version that wrote it, or start a new run"
            )

    def _rows(self, sql: str, values: tuple[Value, ...] = ()) -> list[sqlite3.Row]:
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self.path} cannot be read ({error}); restore it from a copy") from None

    async def _write(self, *statements: Statement) -> None:
        if self._writer is None:
            raise StorageError(f"{self.path} is open for reading only")
        if statements:
            await self._writer.write(*statements)

    def _write_blocking(self, statements: Sequence[Statement]) -> None:
        if self._writer is None:
            raise StorageError(f"{self.path} is open for reading only")
        self._writer.write_blocking(*statements)


def dump(value: object) -> str:
    """A value as the journal holds it."""
    # ensure_ascii keeps lone surrogates, which SQLite's UTF-8 would refuse
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
