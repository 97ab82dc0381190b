"""What every vector index promises, on both backends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from burnish.memory.chroma_index import IN_RAM, ChromaIndex
from burnish.memory.index import IndexDamaged, Neighbour, VectorIndex, Vectors
from burnish.memory.numpy_index import NumpyIndex
from burnish.types import ALIVE

D = 6


@pytest.fixture(params=["numpy", "chroma", "chroma graph"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    rows = {"chroma": IN_RAM, "chroma graph": 0}
    backend: VectorIndex = (
        NumpyIndex(D) if request.param == "numpy" else ChromaIndex(tmp_path / "index", D, in_ram=rows[request.param])
    )
    yield backend
    backend.close()


def units(n: int, seed: int = 0) -> Vectors:
    array = np.random.default_rng(seed).standard_normal((n, D))
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), dtype=np.float32)


def names(n: int, prefix: str = "e") -> list[str]:
    return [f"{prefix}{i:03d}" for i in range(n)]


def fill(index: VectorIndex, n: int, *, born: int = 0, died: int = ALIVE) -> Vectors:
    vectors = units(n)
    index.upsert(names(n), vectors, born=[born] * n, died=[died] * n)
    return vectors


def test_the_nearest_rows_come_first_with_their_cosine(index: VectorIndex) -> None:
    vectors, queries = fill(index, 40), units(5, seed=1)
    cosines = queries @ vectors.T
    for row, hits in zip(cosines, index.query(queries, 7, revision=0), strict=True):
        best = np.argsort(-row)[:7]
        assert [hit.id for hit in hits] == [f"e{i:03d}" for i in best]
        assert [hit.similarity for hit in hits] == pytest.approx(row[best], abs=2e-6)


def test_equal_vectors_come_in_order_of_id_even_where_n_cuts_them(index: VectorIndex) -> None:
    one = np.repeat(units(1), 90, axis=0)
    shuffled = [names(90)[i] for i in np.random.default_rng(3).permutation(90)]
    index.upsert(shuffled, one, born=[0] * 90, died=[ALIVE] * 90)
    [hits] = index.query(one[:1], 5, revision=0)
    assert hits == [Neighbour(id_, 1.0) for id_ in names(5)]


def test_only_rows_alive_at_the_revision_are_found(index: VectorIndex) -> None:
    vectors = units(4)
    index.upsert(names(4), vectors, born=[0, 1, 2, 3], died=[2, ALIVE, 3, ALIVE])
    found = {r: {hit.id for hit in index.query(vectors[:1], 9, revision=r)[0]} for r in range(-1, 5)}
    assert found == {
        -1: set(),
        0: {"e000"},
        1: {"e000", "e001"},
        2: {"e001", "e002"},
        3: {"e001", "e003"},
        4: {"e001", "e003"},
    }


def test_a_living_row_is_found_among_many_nearer_dead_ones(index: VectorIndex) -> None:
    near = np.repeat(units(1), 300, axis=0)
    index.upsert(names(300, "dead"), near, born=[0] * 300, died=[5] * 300)
    index.upsert(["far"], -near[:1], born=[0], died=[ALIVE])
    assert index.query(near[:1], 3, revision=9) == [[Neighbour("far", -1.0)]]
    assert {hit.id[:4] for hit in index.query(near[:1], 3, revision=4)[0]} == {"dead"}


def test_living_rows_are_found_behind_more_dead_ones_than_a_search_returns(index: VectorIndex) -> None:
    near, far = np.repeat(units(1), 400, axis=0), -np.repeat(units(1), 100, axis=0)
    index.upsert(names(400, "dead"), near, born=[0] * 400, died=[5] * 400)
    index.upsert(names(100, "far"), far, born=[0] * 100, died=[ALIVE] * 100)
    assert index.query(near[:1], 3, revision=9) == [[Neighbour(id_, -1.0) for id_ in names(3, "far")]]


def test_an_upsert_replaces_vector_and_revisions(index: VectorIndex) -> None:
    vectors = fill(index, 3)
    index.upsert(["e001"], -vectors[1:2], born=[4], died=[8])
    assert index.ids() == {"e000": (0, ALIVE), "e001": (4, 8), "e002": (0, ALIVE)}
    assert index.vectors(["e001", "e000", "e001"]) == pytest.approx(
        np.stack([-vectors[1], vectors[0], -vectors[1]]), abs=1e-6
    )
    assert index.query(-vectors[1:2], 1, revision=5) == [[Neighbour("e001", 1.0)]]


def test_burying_changes_the_future_and_not_the_past(index: VectorIndex) -> None:
    vectors = fill(index, 3)
    index.retire(["e000", "e002"], [4, 6])
    assert index.ids() == {"e000": (0, 4), "e001": (0, ALIVE), "e002": (0, 6)}
    assert len(index.query(vectors[:1], 9, revision=3)[0]) == 3
    assert [hit.id for hit in index.query(vectors[:1], 9, revision=6)[0]] == ["e001"]


def test_deleted_rows_are_gone_and_the_others_stay(index: VectorIndex) -> None:
    vectors = fill(index, 30)
    index.delete([*names(30)[::2], "never there"])
    assert set(index.ids()) == set(names(30)[1::2])
    assert index.vectors(["e029", "e001"]) == pytest.approx(vectors[[29, 1]], abs=1e-6)
    for id_, hits in zip(names(30)[1::2], index.query(vectors[1::2], 1, revision=0), strict=True):
        assert [hit.id for hit in hits] == [id_]
    index.delete(list(index.ids()))
    assert index.query(vectors[:1], 3, revision=0) == [[]]
    fill(index, 20)
    assert len(index.ids()) == 20


def test_empty_input_is_no_special_case(index: VectorIndex) -> None:
    nothing = np.empty((0, D), dtype=np.float32)
    assert index.query(units(2), 3, revision=0) == [[], []]
    index.upsert([], nothing, born=[], died=[])
    index.retire([], [])
    index.delete([])
    assert index.ids() == {}
    assert index.vectors([]).shape == (0, D)
    fill(index, 2)
    assert index.query(nothing, 3, revision=0) == []
    assert index.query(units(1), 0, revision=0) == [[]]


def test_ids_of_which_the_index_knows_nothing_mean_it_is_out_of_step(index: VectorIndex) -> None:
    fill(index, 2)
    with pytest.raises(IndexDamaged, match="stranger"):
        index.vectors(["e000", "stranger"])
    with pytest.raises(IndexDamaged, match="stranger"):
        index.retire(["e000", "stranger"], [1, 1])
    assert index.ids()["e000"] == (0, ALIVE)


def test_a_wrong_batch_is_refused_and_changes_nothing(index: VectorIndex) -> None:
    good, two = units(2), [0, 0]
    wrong = np.array([[np.nan] * D, [0.0] * D], dtype=np.float32)
    with pytest.raises(ValueError, match="vector 0 is not of unit length"):
        index.upsert(["a", "b"], wrong, born=two, died=two)
    with pytest.raises(ValueError, match=r"shape \(2, 3\), not \(n, 6\)"):
        index.upsert(["a", "b"], good[:, :3], born=two, died=two)
    with pytest.raises(ValueError, match="an id occurs twice"):
        index.upsert(["a", "a"], good, born=two, died=two)
    with pytest.raises(ValueError, match="2 ids came with columns"):
        index.upsert(["a", "b"], good, born=[0], died=two)
    with pytest.raises(ValueError, match="1 ids came with columns"):
        index.upsert(["a"], good, born=[0], died=[1])
    with pytest.raises(ValueError, match="not of unit length"):
        index.query(2 * good, 1, revision=0)
    assert index.ids() == {}
    index.close()
    index.close()
