"""Whether memory that grows by itself does harm: a watch on pairs of answers, with newer and with earlier exemplars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from burnish.limits import Count, Positive, Probability
from burnish.policies.acceptance import FRACTIONS
from burnish.policies.rewriting import Arm

LITTLE = 0.1
"""The gain of score that twice as many exemplars bring, below which it is hardly anything."""
LAST = 24
"""Pairs by which that is judged."""
SIGNS = 2.5
"""What a bet of the last pairs has to have gained to be a sign of harm."""


@dataclass(frozen=True)
class HarmWatch:
    """An e-detector (Shin, Ramdas and Rinaldo 2023, "E-detectors"): it bets that newer exemplars do harm, and begins
    such a bet anew at every pair.

    The sum of all these bets is compared with `horizon` / `alpha`. While newer exemplars do no harm, whatever they do
    otherwise, the sum of n bets has a mean of at most n, so it gets there within `horizon` pairs with a probability of
    at most `alpha`. A bet that began before there was any harm costs nothing later, as a single one would.
    """

    name: Literal["detector"] = "detector"
    tasks: Count = 2
    """Tasks of an iteration that the earlier memory answers as well. 0: no watch."""
    alerted: Positive = 8
    """The same, while there are signs of harm."""
    alpha: Probability = 0.05
    """Probability of a false alarm within `horizon` pairs."""
    horizon: Positive = 100
    """Pairs of answers that `alpha` is about."""

    def evidence(self, harms: Sequence[float]) -> float:
        """The sum of the bets, given the score with earlier exemplars less that with newer ones, a pair each."""
        sums = np.zeros(len(FRACTIONS))
        for harm in harms:
            sums = (sums + 1) * (1 + FRACTIONS * harm)
        return float(sums.mean())

    def harmful(self, harms: Sequence[float]) -> bool:
        """Whether harm is proven."""
        return self.evidence(harms) >= self.horizon / self.alpha

    def signs(self, harms: Sequence[float]) -> bool:
        """Whether a bet of the last pairs has gained, as it does after two that went against newer exemplars."""
        best = np.ones(len(FRACTIONS))
        for harm in harms:
            best = np.maximum(best, 1) * (1 + FRACTIONS * harm)
        return float(best.mean()) >= SIGNS

    def count(self, harms: Sequence[float]) -> int:
        """The tasks to watch in the next iteration: more while there are signs of harm."""
        return self.alerted if self.tasks and self.signs(harms) else self.tasks

    def stalled(self, harms: Sequence[float]) -> bool:
        """Whether twice as many exemplars are seen to bring hardly anything, by the last pairs."""
        gains = Arm("memory").with_pairs([-harm for harm in harms[-LAST:]])
        return gains.most_gain < LITTLE
