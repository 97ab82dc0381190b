from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from burnish.errors import StorageError
from burnish.memory.writer import MOST_IN_ONE_COMMIT, Statement, Value, Writer

SCHEMA = "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    made = Writer(path, SCHEMA)
    yield made
    made.close()


def insert(key: int, value: Value = "") -> Statement:
    return ("INSERT INTO t VALUES(?, ?)", (key, value))


def keys(path: Path) -> list[int]:
    """The keys another connection sees."""
    other = sqlite3.connect(path)
    try:
        return [key for (key,) in other.execute("SELECT k FROM t ORDER BY k")]
    finally:
        other.close()


def commits(path: Path) -> int:
    """Transactions in the write-ahead log: its frames with a nonzero "size after commit" (sqlite.org/walformat)."""
    log = Path(f"{path}-wal").read_bytes()
    page = int.from_bytes(log[8:12], "big")
    frames = range(32, len(log), 24 + page)
    return sum(log[at + 4 : at + 8] != bytes(4) for at in frames if log[at + 8 : at + 16] == log[16:24])


async def test_what_was_acknowledged_is_there_for_another_connection(writer: Writer, path: Path) -> None:
    for key in range(5):
        await writer.write(insert(key))
        assert keys(path) == list(range(key + 1))


async def test_many_concurrent_writes_are_all_there_in_few_transactions(writer: Writer, path: Path) -> None:
    n = 4 * MOST_IN_ONE_COMMIT
    writer.write_blocking(insert(-1))
    before = commits(path)
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")  # until all are waiting
    writes = [asyncio.ensure_future(writer.write(insert(key))) for key in range(n)]
    await asyncio.sleep(0)
    held.execute("ROLLBACK")
    held.close()
    await asyncio.gather(*writes)
    assert keys(path) == list(range(-1, n))
    assert 4 <= commits(path) - before <= 5  # one for the first that came, the rest in full batches


async def test_one_writes_rows_are_one_transaction(writer: Writer, path: Path) -> None:
    before = commits(path)
    await writer.write(*map(insert, range(100)))
    assert commits(path) - before == 1


async def test_a_write_that_fails_leaves_nothing_and_the_next_one_works(writer: Writer, path: Path) -> None:
    await writer.write(insert(1))
    with pytest.raises(StorageError, match=r"cannot write .*t\.db: UNIQUE constraint failed.*; nothing acknowledged"):
        await writer.write(insert(2), insert(1))
    assert keys(path) == [1]
    await writer.write(insert(2))
    assert keys(path) == [1, 2]


@pytest.mark.parametrize("value", ["\ud800", 2**63, -(2**63) - 1])
async def test_a_value_that_sqlite_cannot_hold_is_refused_and_the_writer_lives(
    writer: Writer, path: Path, value: Value
) -> None:
    with pytest.raises(StorageError):
        await asyncio.wait_for(writer.write(insert(1), insert(2, value)), 30)
    await writer.write(insert(3))
    assert keys(path) == [3]


async def test_a_cancelled_caller_harms_no_other(writer: Writer, path: Path) -> None:
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    first, second = (asyncio.ensure_future(writer.write(insert(key))) for key in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    held.execute("ROLLBACK")
    held.close()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert keys(path) == [1, 2]


def test_threads_without_a_loop_write_too(writer: Writer, path: Path) -> None:
    threads = [threading.Thread(target=writer.write_blocking, args=(insert(key),)) for key in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys(path) == list(range(20))
    with pytest.raises(StorageError):
        writer.write_blocking(insert(0))


async def test_closing_writes_what_waits(path: Path) -> None:
    writer = Writer(path, SCHEMA)
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(writer.write(insert(1)))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(asyncio.to_thread(writer.close))
    held.execute("ROLLBACK")
    held.close()
    await closing
    await waiting
    assert keys(path) == [1]
    assert not writer._thread.is_alive()


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="unable to open database file"):
        Writer(tmp_path / "none" / "t.db", SCHEMA)
    (tmp_path / "text.db").write_text("no database\n" * 99, encoding="utf-8")
    with pytest.raises(StorageError, match="file is not a database"):
        Writer(tmp_path / "text.db", SCHEMA)


FULL_DISK = """
import resource, sys
from pathlib import Path
from burnish.errors import StorageError
from burnish.memory.writer import Writer
path = Path(sys.argv[1])
writer = Writer(path, "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY, v TEXT)")
writer.write_blocking(("INSERT INTO t VALUES(0, '')", ()))
size = Path(f"{path}-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, resource.RLIM_INFINITY))
for key in range(1, 1000):
    try:
        writer.write_blocking(("INSERT INTO t VALUES(?, ?)", (key, "x" * 5000)))
    except StorageError as error:
        print(key, error)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.write_blocking(("INSERT INTO t VALUES(1000, '')", ()))
writer.close()
"""


def test_a_full_disk_is_a_storage_error_and_what_was_acknowledged_stays(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    key, _, said = done.stdout.partition(" ")
    assert "free some disk space" in said
    assert int(key) > 1
    assert keys(path) == [*range(int(key)), 1000]  # and it goes on once there is room
