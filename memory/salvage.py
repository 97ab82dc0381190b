"""Saving what can still be read of a damaged journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from burnish.errors import StorageError

BATCH = 500
"""Rows that are copied at a time."""


def damage_of(path: Path) -> str:
    """What SQLite finds wrong with a journal's file, in its own words; empty where all is well."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == ["ok"] else "; ".join(found).replace("\n", " ")[:200]


def salvaged(path: Path) -> dict[str, int]:
    """Write all rows that can be read into a new file, which takes the place of the old one; how many, by table.

    Raises:
        StorageError: not even the names of the tables can be read; the file is left as it is.

    """
    part = path.with_suffix(".salvaged")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as journal:
            journal.execute("PRAGMA writable_schema = ON")  # else a file that is too short is not read at all
            made = journal.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
            ).fetchall()
            tables = [name for kind, name, _ in made if kind == "table"]
            if "meta" not in tables:
                raise StorageError(f"{path} is no journal: it has no table `meta`; restore it from a copy")
            _make(part, [sql for kind, _, sql in made if kind != "trigger"])
            journal.execute("ATTACH DATABASE ? AS saved", (str(part),))
            saved = {name: _copied(journal, name) for name in tables}
        _make(part, [sql for kind, _, sql in made if kind == "trigger"])  # last: what they make is copied itself
    except sqlite3.DatabaseError as error:
        raise StorageError(f"nothing of {path} can be read ({error}); restore it from a copy") from None
    for rest in ("-wal", "-shm"):
        path.with_name(f"{path.name}{rest}").unlink(missing_ok=True)
    part.replace(path)
    return saved


def _make(path: Path, statements: Iterable[str]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for sql in sorted(statements, reverse=True):  # tables before their indexes
            connection.execute(sql)
        connection.commit()


def _copied(journal: sqlite3.Connection, table: str) -> int:
    """Copy the rows of a table from both its ends, as far as they can be read."""
    keys = sorted((row[5], row[1]) for row in journal.execute(f"PRAGMA main.table_info({table})") if row[5])
    for way in ("ASC", "DESC"):
        order = ", ".join(f"{key} {way}" for _, key in keys) or f"rowid {way}"
        if _copied_along(journal, table, order):
            break
    return int(journal.execute(f"SELECT COUNT(*) FROM saved.{table}").fetchone()[0])  # noqa: S608 (a table's own name)


def _copied_along(journal: sqlite3.Connection, table: str, order: str) -> bool:
    """Copy rows in an order up to the first that cannot be read; whether all could."""
    done, size = 0, BATCH
    copy = f"INSERT OR IGNORE INTO saved.{table} SELECT * FROM main.{table} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    while True:
        try:
            there = journal.execute(
                f"SELECT COUNT(*) FROM (SELECT 1 FROM main.{table} ORDER BY {order} LIMIT ? OFFSET ?)",  # noqa: S608
                (size, done),
            ).fetchone()[0]
            journal.execute(copy, (size, done))
        except sqlite3.DatabaseError:
            if size == 1:
                return False
            size = 1
            continue
        if not there:
            return True
        done += there
