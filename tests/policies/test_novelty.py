"""Nearness to what was taken before, the same as one comparison at a time."""

from __future__ import annotations

import numpy as np
import pytest

from burnish.policies.novelty import BLOCK, Taken, nearest_cosines


@pytest.mark.parametrize("n", [1, 7, BLOCK, BLOCK + 3])
def test_nearest_is_that_of_all_taken_before(n: int) -> None:
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    taken = Taken(vectors)
    places: list[int] = []
    for place in range(n):
        expected = (vectors[places] @ vectors[place]).max() if places else -np.inf
        assert taken.nearest(place) == pytest.approx(expected, abs=1e-6)
        if rng.random() < 0.5:
            taken.take(place)
            places.append(place)


def test_a_block_that_nobody_asks_of_is_passed_over() -> None:
    vectors = np.eye(2, dtype=np.float32)[[0] * (2 * BLOCK) + [0, 1]]
    taken = Taken(vectors)
    assert taken.nearest(0) == -np.inf
    taken.take(0)
    assert (taken.nearest(2 * BLOCK), taken.nearest(2 * BLOCK + 1)) == (1, 0)


def test_to_none_there_is_no_nearness() -> None:
    assert nearest_cosines(np.eye(2, dtype=np.float32), np.empty((0, 2), dtype=np.float32)).tolist() == [-np.inf] * 2
