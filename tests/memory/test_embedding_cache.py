from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from burnish.errors import StorageError
from burnish.memory.embedding import HashEmbedder
from burnish.memory.embedding_cache import CachedEmbedder

TEXTS = ["one", "two", "one", "", "lone \ud800", "nul \0", "x" * 1_000_000]


class Counting:
    """An embedder that remembers what it was asked."""

    def __init__(self, dimensions: int = 8, name: str = "counting") -> None:
        self._hash = HashEmbedder(dimensions)
        self.name = name
        self.dimensions = dimensions
        self.batches: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        return self._hash.embed(texts)


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture(params=["ram", "file"])
def cached(request: pytest.FixtureRequest, model: Counting, tmp_path: Path) -> Iterator[CachedEmbedder]:
    path = tmp_path / "new" / "vectors.db" if request.param == "file" else None
    with closing(CachedEmbedder(model, path)) as embedder:
        yield embedder


def test_a_cached_vector_is_the_embedders(cached: CachedEmbedder, model: Counting) -> None:
    expected = HashEmbedder(8).embed(TEXTS)
    for _ in range(2):
        assert np.array_equal(cached.embed(TEXTS), expected)
    assert (cached.name, cached.dimensions) == (model.name, 8)


def test_each_text_is_embedded_once_and_together(cached: CachedEmbedder, model: Counting) -> None:
    cached.embed(TEXTS)
    cached.embed(["two", "three", "one", "three"])
    cached.embed(TEXTS)
    assert model.batches == [["one", "two", "", "lone \ud800", "nul \0", "x" * 1_000_000], ["three"]]


def test_nothing_asked_is_nothing_embedded(cached: CachedEmbedder, model: Counting) -> None:
    assert cached.embed([]).shape == (0, 8)
    assert model.batches == []


def test_threads_share_one_cache(cached: CachedEmbedder, model: Counting) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(cached.embed, [TEXTS] * 8))
    assert len(model.batches) == 1
    assert all(np.array_equal(answer, answers[0]) for answer in answers)


def test_the_file_outlives_the_process_and_knows_models_apart(tmp_path: Path) -> None:
    path = tmp_path / "vectors.db"
    with closing(CachedEmbedder(Counting(), path)) as first:
        expected = first.embed(TEXTS)
        first.close()
    again, other = Counting(), Counting(name="other")
    with closing(CachedEmbedder(again, path)) as second, closing(CachedEmbedder(other, path)) as third:
        assert np.array_equal(second.embed(TEXTS), expected)
        third.embed(["one"])
    assert (again.batches, other.batches) == ([], [["one"]])


def test_a_full_ram_forgets_the_oldest_and_the_file_does_not(tmp_path: Path, model: Counting) -> None:
    with closing(CachedEmbedder(model, tmp_path / "vectors.db", in_ram=3)) as cached:
        for _ in range(2):
            assert len(cached.embed([str(i) for i in range(10)])) == 10
        assert len(cached._ram) == 3
    assert len(model.batches) == 1


@pytest.mark.parametrize("moment", ["before opening", "while open"])
@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_damaged_file_is_made_anew(tmp_path: Path, model: Counting, moment: str, size: int) -> None:
    path = tmp_path / "vectors.db"
    with closing(CachedEmbedder(model, path)) as cached:
        cached.embed([str(i) for i in range(200)])
        if moment == "before opening":
            cached.close()
        path.write_bytes(b"\x07" * size)
        assert np.array_equal(cached.embed(["new"]), HashEmbedder(8).embed(["new"]))
    with closing(CachedEmbedder(fresh := Counting(), path)) as reopened:
        reopened.embed(["new"])
    assert fresh.batches == []


def test_a_file_of_another_layout_is_made_anew(tmp_path: Path, model: Counting) -> None:
    path = tmp_path / "vectors.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE vectors (something TEXT)")
    with closing(CachedEmbedder(model, path)) as cached:
        assert len(cached.embed(["a", "b"])) == 2


def test_a_vector_of_the_wrong_length_is_embedded_again(tmp_path: Path, model: Counting) -> None:
    path = tmp_path / "vectors.db"
    with closing(CachedEmbedder(model, path)) as cached:
        cached.embed(["a"])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE vectors SET vector = x'00'")
    with closing(CachedEmbedder(fresh := Counting(), path)) as cached:
        assert np.array_equal(cached.embed(["a"]), HashEmbedder(8).embed(["a"]))
    assert fresh.batches == [["a"]]


def test_a_file_that_cannot_be_used_is_left_alone(tmp_path: Path, model: Counting) -> None:
    (tmp_path / "folder").mkdir()
    with closing(CachedEmbedder(model, tmp_path / "folder")) as cached, pytest.raises(StorageError, match="cannot be"):
        cached.embed(["a"])
    assert (tmp_path / "folder").is_dir()
