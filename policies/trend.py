"""Whether a proportion rises or falls from group to group."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from burnish.policies.statistics import Interval, normal_quantile


def trend(groups: Sequence[tuple[int, int]], *, level: float = 0.95) -> Interval:
    """The change in a proportion from one group to the next, with its interval, from (successes, trials) in order.

    Weighted least squares on the group's number, as in the test of Cochran (1954) and Armitage (1955); the variance is
    that of each group by itself, with one success and one failure more than seen (Agresti and Caffo 2000), so that a
    group without either does not count as certain.
    """
    filled = [(number, s, n) for number, (s, n) in enumerate(groups) if n]
    if len(filled) < 2:
        return Interval(0.0, -1.0, 1.0, level)
    x, successes, trials = (np.array(column, dtype=np.float64) for column in zip(*filled, strict=True))
    rates = successes / trials
    centred = x - np.average(x, weights=trials)
    scale = float((trials * centred**2).sum())
    slope = float((trials * centred * rates).sum()) / scale
    cautious = (successes + 1) / (trials + 2)
    error = math.sqrt(float((trials * centred**2 * cautious * (1 - cautious)).sum())) / scale
    # trials * centred * rate has variance trials * centred**2 * p * (1 - p)
    half = normal_quantile(level) * error
    return Interval(slope, slope - half, slope + half, level)
