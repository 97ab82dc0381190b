"""The plan of a search, who survives a round, and which combinations are tried."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.halving import Rung, beats, calls, latin, rungs, survivors


def test_each_round_halves_the_candidates_and_doubles_the_tasks() -> None:
    plan = rungs(12, 4)
    assert plan == [Rung(12, 4), Rung(6, 4), Rung(3, 8), Rung(2, 16)]
    assert calls(plan) == 13 * 4 + 7 * 4 + 4 * 8 + 3 * 16


@given(st.integers(0, 200), st.integers(1, 20))
def test_a_plan_ends_with_two_and_no_round_costs_much_more_than_the_first(candidates: int, tasks: int) -> None:
    plan = rungs(candidates, tasks)
    assert [rung.candidates for rung in plan[-1:]] == [min(candidates, 2)][: len(plan)]
    assert all(rung.candidates * rung.tasks <= 1.5 * candidates * tasks for rung in plan)


def test_the_best_survive_and_of_equals_the_earlier() -> None:
    scores = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    assert survivors(scores, 3) == [1, 0, 2]
    assert not beats(scores[0], scores[2])
    assert beats(scores[1], scores[2])


def test_the_best_of_many_is_found_on_few_tasks() -> None:
    """Sequential halving finds the one good arm among 16 at noise that one round would drown in."""
    found = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        rates = np.full(16, 0.4)
        rates[5] = 0.8
        left, scores = list(range(16)), np.zeros((16, 0))
        for rung in rungs(16, 8):
            kept = survivors(scores, rung.candidates) if scores.size else list(range(16))
            left = [left[i] for i in kept]
            played = rng.random((len(left), rung.tasks)) < rates[left][:, None]
            scores = np.hstack([scores[kept], played])
        found += left[survivors(scores, 1)[0]] == 5
    assert found >= 45


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 30), st.integers(0, 2**32))
def test_combinations_differ_and_are_the_same_for_a_seed(sizes: list[int], count: int, seed: int) -> None:
    drawn = latin(sizes, count, np.random.default_rng(seed))
    assert drawn == latin(sizes, count, np.random.default_rng(seed))
    assert len(set(drawn)) == len(drawn) <= count
    assert all(0 <= value < size for one in drawn for value, size in zip(one, sizes, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_every_value_of_every_choice_is_tried(seed: int) -> None:
    drawn = latin([9, 3, 5, 6], 18, np.random.default_rng(seed))
    for choice, size in enumerate([9, 3, 5, 6]):
        counted = Counter(one[choice] for one in drawn)
        assert set(counted) == set(range(size))
