"""Durable writes with group commit: one thread, one transaction for all that waits, one fsync for it.

Every caller is answered only after the transaction that holds its rows is on disk, so durability costs
latency, never concurrency.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

from burnish.errors import GO_ON, StorageError

Value: TypeAlias = str | int | float | bytes | None
Statement: TypeAlias = tuple[str, tuple[Value, ...]]

MOST_IN_ONE_COMMIT = 512


@dataclass(frozen=True)
class _Entry:
    statements: Sequence[Statement]
    done: Future[None]
    loop: asyncio.AbstractEventLoop | None = None
    waiter: asyncio.Future[None] | None = None


class Writer:
    """The single writer of one SQLite file (WAL, `synchronous=FULL`)."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, args=(schema, opened), name="journal", daemon=True)
        self._thread.start()
        opened.result()

    async def write(self, *statements: Statement) -> None:
        """Return once the statements are on disk.

        Raises:
            StorageError: the disk is full or the file damaged; none of the statements took effect.

        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._queue.put(_Entry(statements, Future(), loop, waiter))
        await waiter

    def write_blocking(self, *statements: Statement) -> None:
        """`write` for code outside an event loop; all statements are one transaction either way."""
        entry = _Entry(statements, Future())
        self._queue.put(entry)
        entry.done.result()

    def close(self) -> None:
        """Write what waits and stop."""
        self._queue.put(None)
        self._thread.join()

    def _work(self, schema: str, opened: Future[None]) -> None:
        try:
            connection = sqlite3.connect(self._path, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(schema)
        except sqlite3.Error as error:
            opened.set_exception(self._failure(error))
            return
        opened.set_result(None)
        while (batch := self._next_batch())[0] is not None:
            entries = [entry for entry in batch if entry is not None]
            self._answer(entries, self._commit(connection, entries))
            if len(entries) < len(batch):
                break
        connection.close()

    def _next_batch(self) -> list[_Entry | None]:
        batch = [self._queue.get()]
        while batch[-1] is not None and len(batch) < MOST_IN_ONE_COMMIT and not self._queue.empty():
            batch.append(self._queue.get())
        return batch

    def _commit(self, connection: sqlite3.Connection, entries: list[_Entry]) -> StorageError | None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for entry in entries:
                for sql, values in entry.statements:
                    connection.execute(sql, values)
            connection.execute("COMMIT")
        except (sqlite3.Error, ValueError, OverflowError) as error:  # the latter two: values SQLite cannot hold
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return self._failure(error)
        return None

    def _failure(self, error: Exception) -> StorageError:
        return StorageError(
            f"cannot write {self._path}: {error}; nothing acknowledged was lost: free some disk space or check the "
            f"file, then {GO_ON}"
        )

    @staticmethod
    def _answer(entries: list[_Entry], error: StorageError | None) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for entry in entries:
            if entry.loop is not None and entry.waiter is not None:
                by_loop.setdefault(entry.loop, []).append(entry.waiter)
            elif error is None:
                entry.done.set_result(None)
            else:
                entry.done.set_exception(error)
        for loop, waiters in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, waiters, error)


def _resolve(waiters: list[asyncio.Future[None]], error: StorageError | None) -> None:
    for waiter in waiters:
        if waiter.done():  # the caller was cancelled meanwhile; its rows are on disk all the same
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
