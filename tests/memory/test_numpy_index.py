from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burnish.memory.numpy_index import NumpyIndex
from burnish.types import ALIVE

POOL = np.random.default_rng(5).standard_normal((12, 16)).astype(np.float32)
POOL /= np.linalg.norm(POOL, axis=1, keepdims=True)


@given(picks=st.lists(st.integers(0, 11), min_size=1, max_size=80), n=st.integers(1, 90))
def test_a_query_is_answered_alike_alone_and_in_any_batch(picks: list[int], n: int) -> None:
    index = NumpyIndex(16)
    index.upsert([f"{i:02d}" for i in range(len(picks))], POOL[picks], born=[0] * len(picks), died=[1] * len(picks))
    together = index.query(POOL, n, revision=0)
    assert together == [index.query(POOL[i : i + 1], n, revision=0)[0] for i in range(12)]


def test_growing_one_by_one_keeps_every_row() -> None:
    index = NumpyIndex(16)
    for i in range(100):
        index.upsert([str(i)], POOL[[i % 12]], born=[i], died=[ALIVE])
    assert index.ids() == {str(i): (i, ALIVE) for i in range(100)}
    assert np.array_equal(index.vectors([str(i) for i in range(100)]), POOL[[i % 12 for i in range(100)]])


def test_many_rows_are_ranked_as_by_sorting_all() -> None:
    vectors = np.random.default_rng(8).standard_normal((5000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = NumpyIndex(16)
    index.upsert([f"{i:04d}" for i in range(5000)], vectors, born=[i % 3 for i in range(5000)], died=[ALIVE] * 5000)
    for revision in range(3):
        alive = np.flatnonzero(np.arange(5000) % 3 <= revision)
        for row, hits in zip(POOL @ vectors[alive].T, index.query(POOL, 9, revision=revision), strict=True):
            assert [int(hit.id) for hit in hits] == alive[np.argsort(-row)[:9]].tolist()
