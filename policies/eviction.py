"""What leaves memory when it is full: crowded and useless first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from burnish.limits import NonNegative, Positive
from burnish.policies.statistics import normal_quantile

Vectors = NDArray[np.float32]


class Eviction(Protocol):
    """Keeps memory within its bound."""

    def excess(self, size: int) -> int:
        """How many must leave a memory of `size`."""
        ...

    def choose(self, vectors: Vectors, usefulness: NDArray[np.float64], count: int) -> list[int]:
        """Indices of the `count` to leave, of exemplars with these vectors (n, d) and this usefulness (n)."""
        ...


@dataclass(frozen=True)
class CrowdingEviction:
    """Crowded and useless exemplars leave first, one at a time: that whose crowding (cosine to its nearest neighbour
    still there) less `weight` times its usefulness is highest. So of two twins only one goes.
    """

    name: Literal["crowding"] = "crowding"
    size: Positive = 10_000
    """Most exemplars in memory."""
    weight: NonNegative = 1.0
    """How much usefulness counts against crowding."""

    def excess(self, size: int) -> int:
        return max(0, size - self.size)

    def choose(self, vectors: Vectors, usefulness: NDArray[np.float64], count: int) -> list[int]:
        """See `Eviction.choose`; O(n²) in the exemplars it is shown, so it is shown a bounded sample."""
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -1.0)
        chosen: list[int] = []
        for _ in range(min(count, len(vectors))):
            score = similarity.max(axis=1) - self.weight * usefulness
            score[chosen] = -np.inf
            worst = int(np.argmax(score))
            chosen.append(worst)
            similarity[:, worst] = -1.0
        return chosen


@dataclass(frozen=True)
class OldestEviction:
    """The oldest exemplars leave first."""

    name: Literal["oldest"] = "oldest"
    size: Positive = 10_000
    """Most exemplars in memory."""

    def excess(self, size: int) -> int:
        return max(0, size - self.size)

    def choose(self, vectors: Vectors, usefulness: NDArray[np.float64], count: int) -> list[int]:  # noqa: ARG002
        """The first `count`: exemplars come in order of birth."""
        return list(range(min(count, len(vectors))))


@dataclass(frozen=True)
class Showing:
    """One attempt seen from an exemplar's side: which were shown, in which cell, and the reward."""

    exemplar_ids: tuple[str, ...]
    cell: str
    program_id: str
    reward: float


@dataclass(frozen=True)
class Gain:
    """How useful an exemplar was, on average, the standard error of that, and of how many attempts it is: with it, and
    matched ones without.
    """

    mean: float
    error: float
    shown: int = 0
    others: int = 0

    @property
    def margin(self) -> float:
        """How far the interval of 95 % reaches to either side."""
        return normal_quantile(0.95) * self.error


def usefulness(showings: Sequence[Showing]) -> dict[str, float]:
    """The means of `gains`."""
    return {exemplar_id: gain.mean for exemplar_id, gain in gains(showings).items()}


def gains(showings: Sequence[Showing], *, prior: float = 4.0) -> dict[str, Gain]:
    """Mean reward where an exemplar was shown minus matched attempts where it was not, shrunk towards 0.

    Matched means the same cell and program. An exemplar seen n times with m matches counts n·m/(n+m) pairs
    against `prior` pairs of no difference. Exemplars without a match are not in the result. The error takes the
    rewards of matched attempts to vary alike, whether or not it was shown, and as if a reward of 0 and one of 1 had
    been among them: that the few that were seen are the same does not make it certain.
    """
    groups: dict[tuple[str, str], list[Showing]] = {}
    for showing in showings:
        groups.setdefault((showing.cell, showing.program_id), []).append(showing)
    weighted: dict[str, float] = {}
    weights: dict[str, float] = {}
    variances: dict[str, float] = {}
    compared: dict[str, tuple[int, int]] = {}
    for members in groups.values():
        total, sums, counts = sum(m.reward for m in members), dict[str, float](), dict[str, int]()
        variance = float(np.var([0.0, 1.0, *(m.reward for m in members)], ddof=1))
        for member in members:
            for exemplar_id in member.exemplar_ids:
                sums[exemplar_id] = sums.get(exemplar_id, 0.0) + member.reward
                counts[exemplar_id] = counts.get(exemplar_id, 0) + 1
        for exemplar_id, n in counts.items():
            m = len(members) - n
            if m == 0:
                continue
            difference = sums[exemplar_id] / n - (total - sums[exemplar_id]) / m
            pairs = n * m / (n + m)
            weighted[exemplar_id] = weighted.get(exemplar_id, 0.0) + pairs * difference
            weights[exemplar_id] = weights.get(exemplar_id, 0.0) + pairs
            variances[exemplar_id] = variances.get(exemplar_id, 0.0) + pairs * variance
            shown, others = compared.get(exemplar_id, (0, 0))
            compared[exemplar_id] = (shown + n, others + m)
    return {
        e: Gain(weighted[e] / (weights[e] + prior), variances[e] ** 0.5 / (weights[e] + prior), *compared[e])
        for e in weighted
    }
