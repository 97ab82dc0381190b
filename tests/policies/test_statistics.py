from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pairs import passes

from burnish.policies.statistics import (
    LEAST_P,
    Resampled,
    compare,
    holm,
    mcnemar_exact,
    mean_interval,
    p_value,
    paired_bootstrap,
    wilson,
)


@pytest.mark.parametrize(
    ("b", "c", "p"), [(0, 0, 1.0), (0, 1, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 22 / 1024), (5, 5, 1.0)]
)
def test_mcnemar_known_values(b: int, c: int, p: float) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(p)
    assert mcnemar_exact(c, b) == pytest.approx(p)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_twice_the_binomial_tail(b: int, c: int) -> None:
    tail = sum(math.comb(b + c, i) for i in range(min(b, c) + 1)) / 2 ** (b + c)
    assert mcnemar_exact(b, c) == pytest.approx(min(1.0, 2 * tail))


def test_wilson_known_values() -> None:
    interval = wilson(81, 263)
    assert [interval.lower, interval.upper] == pytest.approx([0.2553, 0.3662], abs=1e-4)
    assert (wilson(0, 20).lower, wilson(20, 20).upper) == (0.0, 1.0)
    assert (wilson(0, 0).lower, wilson(0, 0).upper) == (0.0, 1.0)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_within_bounds_and_holds_the_estimate(case: tuple[int, int]) -> None:
    interval = wilson(*case)
    assert 0 <= interval.lower <= interval.estimate <= interval.upper <= 1


def test_bootstrap_equals_the_normal_interval_on_many_tasks() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.random(400), rng.random(400)
    interval = paired_bootstrap(list(before), list(after), seed=1)
    half = 1.96 * (after - before).std() / 20
    assert interval.estimate == pytest.approx((after - before).mean())
    assert interval.lower == pytest.approx(interval.estimate - half, abs=0.1 * half)
    assert interval.upper == pytest.approx(interval.estimate + half, abs=0.1 * half)


def test_bootstrap_repeats_with_its_seed_and_ignores_the_order_of_tasks() -> None:
    before, after = [0.0, 0.5, 1.0, 0.25], [0.5, 0.5, 1.0, 1.0]
    interval = paired_bootstrap(before, after, seed=3)
    assert interval == paired_bootstrap(before, after, seed=3)
    assert interval == paired_bootstrap(before[::-1], after[::-1], seed=3)


def test_bootstrap_of_no_change_has_no_width() -> None:
    interval = paired_bootstrap([0.5] * 5, [0.5] * 5, seed=0, resamples=100)
    assert (interval.lower, interval.estimate, interval.upper) == (0, 0, 0)


def test_comparison_counts_pairs() -> None:
    comparison = compare(*passes(both=10, gained=7, lost=2, neither=1))
    assert (comparison.n, comparison.before, comparison.after) == (20, 12, 17)
    assert (comparison.gained, comparison.lost) == (7, 2)
    assert comparison.difference.estimate == pytest.approx(0.25)


def test_the_interval_of_the_difference_covers_what_it_says() -> None:
    """Pairs with chances 0.25 to gain and 0.1 to lose, 60 tasks: 95 % intervals hold 0.15."""
    rng = np.random.default_rng(5)
    held = 0
    for gained, lost, rest in rng.multinomial(60, [0.25, 0.1, 0.65], size=600):
        difference = compare(*passes(gained=int(gained), lost=int(lost), neither=int(rest))).difference
        held += difference.lower <= 0.15 <= difference.upper
    assert 0.93 <= held / 600 <= 0.98


@pytest.mark.parametrize(("before", "after"), [([True], []), ([], [])])
def test_unpaired_results_are_refused(before: list[bool], after: list[bool]) -> None:
    with pytest.raises(ValueError, match="same tasks on both sides"):
        compare(before, after)
    with pytest.raises(ValueError, match="same tasks on both sides"):
        paired_bootstrap(before, after, seed=0)


@pytest.mark.parametrize("successes", [35, 40, 60])
def test_a_p_value_is_where_the_interval_just_lies_beyond(successes: int) -> None:
    def beyond(level: float) -> bool:
        return wilson(successes, 60, level=level).lower > 0.5

    p = p_value(beyond)
    z = (successes / 60 - 0.5) / math.sqrt(0.25 / 60)  # Wilson's interval excludes a share where the score test does
    assert p == pytest.approx(max(LEAST_P, math.erfc(z / math.sqrt(2))), rel=1e-3)


def test_a_claim_that_no_interval_supports_has_p_one() -> None:
    assert p_value(lambda level: wilson(30, 60, level=level).lower > 0.5) == 1.0


def test_several_claims_are_corrected_for_their_number() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([]) == []


def test_resamples_give_an_interval_of_any_level() -> None:
    drawn = Resampled(0.5, np.linspace(0, 1, 101))
    assert (drawn.interval(0.8).lower, drawn.interval(0.8).upper) == pytest.approx((0.1, 0.9))


def test_the_interval_of_a_mean_is_students() -> None:
    found = mean_interval([1.0, 2.0, 3.0, 4.0])
    assert (found.lower, found.estimate, found.upper) == pytest.approx((0.4457, 2.5, 4.5543), abs=1e-4)
    assert mean_interval([0.5]).lower == mean_interval([0.5]).upper == 0.5
    with pytest.raises(ValueError, match="needs a value"):
        mean_interval([])
