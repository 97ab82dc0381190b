"""Who is best at what."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from burnish.policies.pareto import Mean, draw_parent, wins


def mean(total: float, count: int) -> Mean:
    return Mean(total, count)


REFERENCE = {"red": mean(5, 10), "blue": mean(5, 10), "green": mean(10, 10)}


def test_a_cell_is_won_by_whoever_is_best_at_it_and_better_than_the_reference() -> None:
    red = {"red": mean(9, 10), "blue": mean(1, 10)}
    blue = {"red": mean(8, 10), "blue": mean(10, 10), "green": mean(10, 10)}
    assert wins([red, blue], REFERENCE) == [{"red"}, {"blue"}]
    assert wins([], REFERENCE) == []


@pytest.mark.parametrize(("few", "many"), [(1, 10), (1, 4)])
def test_what_was_seen_little_of_counts_little(few: int, many: int) -> None:
    lucky, sure = {"red": mean(few, few)}, {"red": mean(0.9 * many, many)}
    assert wins([lucky, sure], REFERENCE) == [set(), {"red"}]


def test_a_cell_that_the_reference_never_saw_is_nobodys() -> None:
    assert wins([{"new": mean(9, 9)}], REFERENCE) == [set()]


def test_scores_add_up() -> None:
    assert Mean().plus(0.5).plus(1.0) == Mean(1.5, 2)
    assert Mean(1.0, 1).towards(0.0) == pytest.approx(0.25)


def test_a_parent_is_drawn_as_often_as_it_wins_cells() -> None:
    drawn = Counter(draw_parent([{"a"}, {"b", "c"}], 4, np.random.default_rng(seed)) for seed in range(800))
    assert {key: round(count / 200) for key, count in drawn.items()} == {0: 1, 1: 2, None: 1}
    assert draw_parent([], 0, np.random.default_rng(0)) is None
