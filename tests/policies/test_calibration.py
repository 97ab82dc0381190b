from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.calibration import AucInterval, auc_gain, auc_interval, expected_rating, has_vote, parse_rating
from burnish.policies.statistics import Interval

RATED = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=40)


@given(RATED)
def test_auc_equals_brute_force_over_all_pairs(rated: list[tuple[int, bool]]) -> None:
    interval = auc_interval([r for r, _ in rated], [v for _, v in rated])
    good, bad = [r for r, v in rated if v], [r for r, v in rated if not v]
    if interval is None:
        assert not good or not bad
        return
    wins = sum((g > b) + (g == b) / 2 for g, b in itertools.product(good, bad))
    assert interval.estimate == pytest.approx(wins / len(good) / len(bad))
    assert 0 <= interval.lower <= interval.estimate <= interval.upper <= 1
    assert (interval.verified, interval.refuted) == (len(good), len(bad))


@given(RATED)
def test_turning_the_scale_round_turns_the_interval_round(rated: list[tuple[int, bool]]) -> None:
    verdicts = [v for _, v in rated]
    interval = auc_interval([r for r, _ in rated], verdicts)
    turned = auc_interval([6 - r for r, _ in rated], verdicts)
    if interval is not None and turned is not None:
        assert turned.lower == pytest.approx(1 - interval.upper)
        assert turned.upper == pytest.approx(1 - interval.lower)


def test_a_perfect_rating_keeps_an_interval() -> None:
    few = auc_interval([5, 5, 1], [True, True, False])
    many = auc_interval([5] * 50 + [1] * 50, [True] * 50 + [False] * 50)
    assert few is not None
    assert many is not None
    assert few.lower < 0.5 < 0.9 < many.lower < many.estimate == many.upper == 1


def test_the_interval_is_newcombes() -> None:
    """Method 5 of Newcombe (2006): at its bounds the error of the bound itself reaches from it to the estimate."""
    interval = auc_interval([5, 4, 4, 3, 5, 2, 1, 3, 2, 1, 1], [True] * 5 + [False] * 6)
    assert interval is not None
    for bound in (interval.lower, interval.upper):
        half = (5 + 6) / 2 - 1
        variance = bound * (1 - bound) * (1 + half * (1 - bound) / (2 - bound) + half * bound / (1 + bound)) / (5 * 6)
        assert abs(interval.estimate - bound) == pytest.approx(1.959964 * math.sqrt(variance), rel=1e-4)


def test_there_is_no_auc_without_both_kinds() -> None:
    assert auc_interval([], []) is None
    assert auc_interval([5, 4], [True, True]) is None
    assert not has_vote([], [])
    assert not has_vote([5, 4], [True, True])


def test_the_interval_covers_the_true_auc() -> None:
    """Normal ratings a distance of 1 apart: the AUC is Phi(1 / sqrt 2)."""
    rng = np.random.default_rng(0)
    truth = 0.5 * (1 + math.erf(0.5))
    verdicts = [True] * 15 + [False] * 25
    held = 0
    for _ in range(400):
        interval = auc_interval([*rng.normal(1, 1, 15), *rng.normal(0, 1, 25)], verdicts)
        assert interval is not None
        held += interval.lower <= truth <= interval.upper
    assert held / 400 >= 0.93


@pytest.mark.parametrize("weights", [[0.2, 0.2, 0.2, 0.2, 0.2], [0.0, 0.0, 0.1, 0.2, 0.7]])
def test_ratings_at_random_hardly_ever_get_a_vote(weights: list[float]) -> None:
    """Looked at after each of 24 iterations."""
    rng = np.random.default_rng(1)
    votes = 0
    for _ in range(600):
        ratings, verdicts = list(rng.choice(5, size=96, p=weights) + 1.0), list(rng.random(96) < 0.4)
        votes += any(has_vote(ratings[:n], verdicts[:n]) for n in range(4, 97, 4))
    assert votes / 600 <= 0.05


def test_good_ratings_get_a_vote_once_there_are_enough() -> None:
    assert has_vote([5, 5, 4, 5, 5, 4, 1, 2, 3, 4, 2, 1], [True] * 6 + [False] * 6)
    assert not has_vote([5] * 4 + [1] * 50, [True] * 4 + [False] * 50)
    assert has_vote([4, 2] * 40, [True, False] * 40)


def test_ratings_the_wrong_way_round_get_no_vote() -> None:
    assert not has_vote([1] * 20 + [5] * 20, [True] * 20 + [False] * 20)


@pytest.mark.parametrize(("ratings", "verdicts"), [([1.0], []), ([math.nan], [True])])
def test_lists_that_do_not_match_are_refused(ratings: list[float], verdicts: list[bool]) -> None:
    with pytest.raises(ValueError, match="one finite rating a verdict"):
        auc_interval(ratings, verdicts)


def test_intervals_survive_json() -> None:
    interval = auc_interval([5, 3, 3, 1], [True, True, False, False])
    assert interval is not None
    assert AucInterval.from_json(json.loads(json.dumps(interval.to_json()))) == interval


def test_expected_rating_is_renormalised_over_digits() -> None:
    assert expected_rating({"4": 0.3, "5": 0.1, "The": 0.6}) == pytest.approx(4.25)


def test_tokens_may_carry_white_space() -> None:
    assert expected_rating({" 4": 0.25, "4": 0.25, "▁2": 0.25, "\n2": 0.25}) == pytest.approx(3)


def test_no_expected_rating_where_digits_hardly_matter() -> None:
    assert expected_rating({"4": 0.04, "The": 0.96}) is None
    assert expected_rating({"4": 0.04}, minimum_mass=0.0) == pytest.approx(4)
    assert expected_rating({}) is None
    assert expected_rating({"6": 0.5, "10": 0.3, "0": 0.1, "４": 0.1}, minimum_mass=0.0) is None


@given(st.dictionaries(st.sampled_from(["1", "2", "3", "4", "5", " 3", "x"]), st.floats(0, 1)))
def test_expected_rating_stays_on_the_scale(probabilities: dict[str, float]) -> None:
    rating = expected_rating(probabilities)
    assert rating is None or 1 - 1e-9 <= rating <= 5 + 1e-9


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("Score: 4", 4),
        ("score: 4/5", 4),
        ("Score: 4 / 5", 4),
        ("4", 4),
        (" 4\n", 4),
        ("4/5", 4),
        ("4 out of 5.", 4),
        ("**Score:** 4", 4),
        ("Score: **4**", 4),
        ("Score: <4>", 4),
        ("[4]", 4),
        ("Score (1-5): 4", 4),
        ("Score：4", 4),
        ("评分：4", 4),
        ("Rating = 1", 1),
        ("The score is 2.", 2),
        ("Score 3", 3),
        ("Score: 5/5 because 2 steps hold", 5),
        ("Score: 4 (2 errors)", 4),
        ("I found 3 errors.\n4", 4),
        ("First draft deserved Score: 2\nScore: 5", 5),
        ("Step 1 holds.\nStep 2 holds.\nScore: 3", 3),
        ("Score:\n4", 4),
        ("", None),
        ("\n \n", None),
        ("Score: 10", None),
        ("Score: 45", None),
        ("Score: 0", None),
        ("Score: 6", None),
        ("Score: -4", None),
        ("Score: 3.5", None),
        ("Score: 4,5", None),
        ("3.5", None),
        ("10", None),
        ("Score: 4/10", None),
        ("Score: 4/50", None),
        ("4 out of 10", None),
        ("Score: 4 or 5", None),
        ("3-4", None),
        ("Score: 4%", None),
        ("Score: 1e3", None),
        ("four", None),
        ("Score: five", None),
        ("2 errors. Score: five", None),
        ("vier", None),
        ("Score: <rating>", None),
        ("GPT4", None),
        ("Score: GPT4", None),
        ("４", None),
        ("Score: ٤", None),
        ("The answer got 3 right", None),
        ("There is an error in step 2.", None),
    ],
)
def test_parse_rating(text: str, rating: int | None) -> None:
    assert parse_rating(text) == rating


@given(st.text(alphabet=st.sampled_from("score: 1234567890/.-\n()[]*isof%x五"), max_size=60) | st.text(max_size=60))
def test_parse_rating_takes_any_text(text: str) -> None:
    assert parse_rating(text) in {None, 1, 2, 3, 4, 5}


@given(st.text(max_size=60), st.integers(1, 5))
def test_the_last_line_decides(reasoning: str, rating: int) -> None:
    assert parse_rating(f"{reasoning}\nScore: {rating}") == rating


def test_the_gain_of_ratings_over_others_has_an_interval() -> None:
    truth = [True, False] * 30
    blind = [float(i % 3) for i in range(60)]
    knowing = [4.0 + i % 2 if t else 1.0 + i % 4 for i, t in enumerate(truth)]
    gain = auc_gain(blind, knowing, truth)
    assert gain is not None
    interval = gain.interval()
    assert 0 < interval.lower < interval.estimate < interval.upper
    same = auc_gain(blind, blind, truth)
    assert same is not None
    assert same.interval() == Interval(0.0, 0.0, 0.0)
    assert auc_gain([1.0], [2.0], [True]) is None
