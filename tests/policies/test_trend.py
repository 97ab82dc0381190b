"""Trends of proportions, and differences between means."""

from __future__ import annotations

import numpy as np
import pytest

from burnish.policies.statistics import difference_of_means
from burnish.policies.trend import trend


def test_a_fall_is_seen_and_noise_is_not() -> None:
    fall = trend([(22, 24), (14, 24), (5, 24)])
    assert fall.upper < 0
    assert fall.estimate == pytest.approx(-(22 - 5) / 24 / 2)
    rates = np.array([22 + 1, 14 + 1, 5 + 1]) / 26
    error = np.sqrt((24 * np.array([1, 0, 1]) * rates * (1 - rates)).sum()) / 48
    assert fall.upper == pytest.approx(fall.estimate + 1.959964 * error)
    flat = trend([(12, 24), (13, 24), (12, 24)])
    assert flat.lower < 0 < flat.upper


def test_a_group_alone_or_without_trials_says_nothing() -> None:
    assert trend([(3, 4)]).lower == -1.0
    assert trend([(3, 4), (0, 0)]).upper == 1.0


def test_equal_chances_are_rarely_called_a_fall() -> None:
    rng = np.random.default_rng(0)
    called = sum(trend([(int(s), 24) for s in rng.binomial(24, 0.5, 3)]).upper < 0 for _ in range(400))
    assert called / 400 < 0.05


def test_a_difference_between_two_samples() -> None:
    gain = difference_of_means([0.0, 0.2] * 20, [0.5, 0.7] * 10, seed=0)
    assert gain.estimate == pytest.approx(0.5)
    assert gain.lower > 0.4
    assert difference_of_means([0.0, 1.0] * 10, [1.0, 0.0] * 10, seed=0).lower < 0
    with pytest.raises(ValueError, match="need two samples"):
        difference_of_means([], [1.0], seed=0)
