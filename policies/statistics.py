"""Shares, and programs on the same tasks: estimates with their intervals, and tests of claims."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from burnish.types import Record


@dataclass(frozen=True)
class Interval(Record):
    """An estimate with its two-sided interval at confidence `level`."""

    estimate: float
    lower: float
    upper: float
    level: float = 0.95


@dataclass(frozen=True)
class Resampled:
    """An estimate, and what it was on each resample of the data (n,)."""

    estimate: float
    drawn: npt.NDArray[np.float64]

    def interval(self, level: float = 0.95) -> Interval:
        """The percentile bootstrap interval."""
        tail = (1 - level) / 2
        lower, upper = np.quantile(self.drawn, [tail, 1 - tail])
        return Interval(self.estimate, float(lower), float(upper), level)


@dataclass(frozen=True)
class Comparison(Record):
    """Two programs on the same `n` tasks: passes `before` and `after`, tasks `gained` and `lost`.

    `difference` is the change in pass rate; `p_value` is McNemar's, exact and two-sided.
    """

    n: int
    before: int
    after: int
    gained: int
    lost: int
    difference: Interval
    p_value: float

    def better(self, alpha: float) -> bool:
        """Whether the second program is proved better at level `alpha`."""
        return self.p_value <= alpha and self.gained > self.lost

    def worse(self, alpha: float) -> bool:
        """Whether the second program is proved worse at level `alpha`."""
        return self.p_value <= alpha and self.lost > self.gained


def compare(before: Sequence[bool], after: Sequence[bool], *, level: float = 0.95) -> Comparison:
    """Paired comparison of pass and fail. Raises ValueError on unequal or no tasks.

    The interval is Bonett and Price's (2012) adjusted Wald interval for paired proportions.
    """
    _require_pairs(before, after)
    n = len(before)
    pairs = list(zip(map(bool, before), map(bool, after), strict=True))
    lost, gained = pairs.count((True, False)), pairs.count((False, True))
    loss, gain = (lost + 1) / (n + 2), (gained + 1) / (n + 2)
    half = normal_quantile(level) * math.sqrt((gain + loss - (gain - loss) ** 2) / (n + 2))
    return Comparison(
        n=n,
        before=sum(map(bool, before)),
        after=sum(map(bool, after)),
        gained=gained,
        lost=lost,
        difference=Interval((gained - lost) / n, max(-1.0, gain - loss - half), min(1.0, gain - loss + half), level),
        p_value=mcnemar_exact(lost, gained),
    )


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided exact p-value of `b` against `c` discordant pairs: twice the binomial tail at 1/2, at most 1."""
    from scipy.special import bdtr  # scipy.stats takes a second to import

    return min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5))) if b + c else 1.0


def wilson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Wilson's score interval (1927) for a proportion; [0, 1] around 0 when there are no trials."""
    if n == 0:
        return Interval(0.0, 0.0, 1.0, level)
    share, z2 = successes / n, normal_quantile(level) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    lower = 0.0 if successes == 0 else centre - half  # exact at the ends, where rounding would miss
    upper = 1.0 if successes == n else centre + half
    return Interval(share, lower, upper, level)


def paired_bootstrap(
    before: Sequence[float], after: Sequence[float], *, seed: int, resamples: int = 10_000, level: float = 0.95
) -> Interval:
    """Percentile bootstrap interval of the mean change in reward over paired tasks; the same seed, the same interval.

    When every task changed by the same amount the interval has no width: read it beside `n`.
    Raises ValueError on unequal or no tasks.
    """
    _require_pairs(before, after)
    changes = np.subtract(after, before, dtype=np.float64)
    n = len(changes)
    # Resampling tasks is drawing how often each distinct change appears, which needs far less memory.
    values, counts = np.unique(changes, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(n, counts / n, size=resamples)
    tail = (1 - level) / 2
    lower, upper = np.quantile(draws @ values / n, [tail, 1 - tail])
    return Interval(float(changes.mean()), float(lower), float(upper), level)


def difference_of_means(
    before: Sequence[float], after: Sequence[float], *, seed: int, resamples: int = 10_000, level: float = 0.95
) -> Interval:
    """Percentile bootstrap interval of the difference in mean between two samples of their own; the same seed, the same
    interval. Raises ValueError when either is empty.
    """
    if not before or not after:
        raise ValueError(f"Two means need two samples, but got {len(before)} and {len(after)} values.")
    rng = np.random.default_rng(seed)
    means = [
        np.asarray(values)[rng.integers(len(values), size=(resamples, len(values)))].mean(axis=1)
        for values in (before, after)
    ]
    tail = (1 - level) / 2
    lower, upper = np.quantile(means[1] - means[0], [tail, 1 - tail])
    return Interval(float(np.mean(after) - np.mean(before)), float(lower), float(upper), level)


LEAST_P = 1e-4
"""The smallest p-value that is told: ten thousand resamples tell no smaller ones apart."""


def p_value(beyond: Callable[[float], bool]) -> float:
    """The p-value of a claim that holds where an interval lies `beyond` something at a confidence level: the smallest
    significance at which it does, found by bisection; 1 where it never does, and no less than `LEAST_P`.
    """
    if beyond(1 - LEAST_P):
        return LEAST_P
    held, failed = 0.0, math.log(LEAST_P)
    if not beyond(0.0):
        return 1.0
    for _ in range(20):
        middle = (held + failed) / 2
        held, failed = (middle, failed) if beyond(1 - math.exp(middle)) else (held, middle)
    return math.exp(held)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for there being several (Holm 1979), in the order given."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted


def mean_interval(values: Sequence[float], *, level: float = 0.95) -> Interval:
    """The mean of independent values with Student's interval, which is the mean alone for a single value.

    Raises ValueError where there are none.
    """
    if not values:
        raise ValueError("A mean needs a value at least.")
    from scipy.special import stdtrit

    n, mean = len(values), sum(values) / len(values)
    if n == 1:
        return Interval(mean, mean, mean, level)
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    margin = float(stdtrit(n - 1, (1 + level) / 2)) * error
    return Interval(mean, mean - margin, mean + margin, level)


def normal_quantile(level: float) -> float:
    """How many standard errors a two-sided normal interval of this confidence reaches."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def _require_pairs(before: Sequence[object], after: Sequence[object]) -> None:
    if len(before) != len(after) or not before:
        raise ValueError(
            f"A paired comparison needs the same tasks on both sides, but got {len(before)} and {len(after)} results."
        )
