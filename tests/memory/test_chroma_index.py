"""What chroma adds: a folder that outlives processes, can be damaged, and must agree with the exact index."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import StorageError
from burnish.memory.chroma_index import IN_RAM, ChromaIndex
from burnish.memory.index import IndexDamaged, Neighbour, Vectors
from burnish.memory.numpy_index import NumpyIndex
from burnish.types import ALIVE

D = 8
# Distinct rows of the pool differ clearly in their likeness to any query, so that only equal vectors tie.
POOL = np.random.default_rng(2).standard_normal((20, D)).astype(np.float32)
POOL /= np.linalg.norm(POOL, axis=1, keepdims=True)

Row = tuple[int, int, int, int]
rows = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 19), st.integers(0, 5), st.integers(1, 9)),
    max_size=12,
    unique_by=lambda row: row[0],
)
burials = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=4, unique_by=lambda burial: burial[0])


def fill(directory: Path, n: int) -> Vectors:
    array = np.random.default_rng(0).standard_normal((n, D)).astype(np.float32)
    array /= np.linalg.norm(array, axis=1, keepdims=True)
    with closing(ChromaIndex(directory, D)) as index:
        index.upsert([f"{i:05d}" for i in range(n)], array, born=[i % 5 for i in range(n)], died=[ALIVE] * n)
        index.query(array[:1], 1, revision=0)
    return array


def same(found: list[list[Neighbour]], expected: list[list[Neighbour]]) -> None:
    assert [[hit.id for hit in hits] for hits in found] == [[hit.id for hit in hits] for hits in expected]
    flat = [[hit.similarity for hits in answer for hit in hits] for answer in (found, expected)]
    assert flat[0] == pytest.approx(flat[1], abs=3e-6)


@pytest.mark.parametrize("in_ram", [0, 3, IN_RAM])  # with 3, most histories grow past what is kept in RAM
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(rows, burials, st.integers(0, 8), st.integers(1, 12)), min_size=1, max_size=5))
@pytest.mark.thorough
def test_any_history_reads_like_the_exact_index(
    in_ram: int,
    steps: list[tuple[list[Row], list[tuple[int, int]], int, int]],
) -> None:
    oracle = NumpyIndex(D)
    with tempfile.TemporaryDirectory() as folder:
        with closing(ChromaIndex(Path(folder), D, in_ram=in_ram)) as index:
            for batch, deaths, revision, n in steps:
                for backend in (index, oracle):
                    backend.upsert(
                        [f"e{r[0]}" for r in batch],
                        POOL[[r[1] for r in batch]],
                        born=[r[2] for r in batch],
                        died=[r[2] + r[3] for r in batch],
                    )
                    held = [(f"e{i}", died) for i, died in deaths if f"e{i}" in backend.ids()]
                    backend.retire([i for i, _ in held], [died for _, died in held])
                expected = oracle.query(POOL[:6], n, revision=revision)
                same(index.query(POOL[:6], n, revision=revision), expected)
                same([index.query(POOL[[i]], n, revision=revision)[0] for i in range(6)], expected)
                assert index.ids() == oracle.ids()
        with closing(ChromaIndex(Path(folder), D, in_ram=in_ram)) as reopened:
            assert reopened.ids() == oracle.ids()
            same(reopened.query(POOL, 5, revision=3), oracle.query(POOL, 5, revision=3))


def test_every_way_to_answer_a_query_agrees_with_the_exact_index(tmp_path: Path) -> None:
    vectors = fill(tmp_path, 1500)
    oracle = NumpyIndex(D)
    oracle.upsert([f"{i:05d}" for i in range(1500)], vectors, born=[i % 5 for i in range(1500)], died=[ALIVE] * 1500)
    with closing(ChromaIndex(tmp_path, D, in_ram=0)) as index:
        for revision in (0, 2, 9):
            expected = oracle.query(POOL, 10, revision=revision)
            same(index.query(POOL, 10, revision=revision), expected)
            same(index._compare(POOL, 10, revision), expected)
            same(index._filter(POOL, 10, revision), expected)


def test_where_few_of_many_are_alive_they_are_compared_one_by_one(tmp_path: Path) -> None:
    vectors = fill(tmp_path, 1500)
    with closing(ChromaIndex(tmp_path, D, in_ram=0)) as index:
        index.retire([f"{i:05d}" for i in range(1498)], [9] * 1498)
        [hits] = index.query(vectors[:1], 5, revision=9)
        assert {hit.id for hit in hits} == {"01498", "01499"}


WRITER = """
import sys
import numpy as np
from pathlib import Path
from burnish.memory.chroma_index import ChromaIndex
index = ChromaIndex(Path(sys.argv[1]), 8)
for i in range(10_000):
    row = np.eye(8, dtype=np.float32)[[i % 8]]
    index.upsert([f"{i:05d}"], row, born=[i], died=[i + 100])
    print(i, flush=True)
"""


@pytest.mark.thorough
def test_acknowledged_rows_survive_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) == 20:
                break
        os.kill(writer.pid, signal.SIGKILL)
    with closing(ChromaIndex(tmp_path, 8)) as index:
        assert [index.ids()[f"{i:05d}"] for i in range(21)] == [(i, i + 100) for i in range(21)]
        assert index.query(np.eye(8, dtype=np.float32)[:1], 1, revision=0) == [[Neighbour("00000", 1.0)]]


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        [byte] = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def overwrite(path: Path) -> None:
    path.write_bytes(b"not what it was " * 400)


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("chroma.sqlite3", overwrite),
        ("chroma.sqlite3", halve),
        ("*/header.bin", halve),
        ("*/header.bin", overwrite),
        ("*/data_level0.bin", halve),
        ("*/length.bin", halve),
        ("*/length.bin", overwrite),
        ("*/data_level0.bin", overwrite),
        ("*/data_level0.bin", flip),
        ("*/link_lists.bin", flip),
        ("*/index_metadata.pickle", overwrite),
        ("*/link_lists.bin", Path.unlink),
        ("*/", shutil.rmtree),
        ("graph-files.json", halve),
        ("graph-files.json", Path.unlink),
    ],
)
def test_a_damaged_folder_says_so_and_can_be_rebuilt_in_the_same_process(
    tmp_path: Path, file: str, damage: Callable[[Path], object]
) -> None:
    fill(tmp_path / "index", 1200)
    [path] = (tmp_path / "index").glob(file)
    damage(path)
    with pytest.raises(IndexDamaged, match="rebuil"):
        ChromaIndex(tmp_path / "index", D)
    shutil.rmtree(tmp_path / "index")
    vectors = fill(tmp_path / "index", 30)
    with closing(ChromaIndex(tmp_path / "index", D)) as index:
        assert len(index.ids()) == 30
        assert index.query(vectors[:1], 1, revision=0) == [[Neighbour("00000", 1.0)]]


def test_a_lost_database_reads_as_an_empty_index(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    (tmp_path / "chroma.sqlite3").unlink()
    with closing(ChromaIndex(tmp_path, D)) as index:
        assert index.ids() == {}


def test_files_removed_under_an_open_index_are_noticed_at_the_next_write(tmp_path: Path) -> None:
    fill(tmp_path / "index", 10)
    with closing(ChromaIndex(tmp_path / "index", D)) as index:
        shutil.rmtree(tmp_path / "index")
        with pytest.raises(IndexDamaged, match="rebuild it"):
            index.upsert(["new"], POOL[:1], born=[0], died=[1])


def test_vectors_of_another_embedder_are_refused(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    with pytest.raises(IndexDamaged, match=r"not \(n, 4\)"):
        ChromaIndex(tmp_path, 4)


def test_a_folder_that_cannot_be_made_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be made") as caught:
        ChromaIndex(tmp_path / "file", D)
    assert not isinstance(caught.value, IndexDamaged)


def test_opening_again_and_again_leaks_no_files(tmp_path: Path) -> None:
    for _ in range(12):
        fill(tmp_path, 3)
    held = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert sum(path.is_relative_to(tmp_path) for path in held) <= 6  # chroma closes its last connections a moment later
