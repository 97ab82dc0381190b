"""Multinomial logistic regression on vectors: what the step model and the weak-to-strong student are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Targets = Callable[[Floats, float], Floats]
"""The targets of a training step, given the head's own predictions and the share of training that is done."""

STEPS, RATE, FIRST_DECAY, SECOND_DECAY = 400, 0.05, 0.9, 0.999


@dataclass(frozen=True)
class Head:
    """Class probabilities by a linear map; `weights` is (d + 1, c), the last row the bias."""

    weights: Floats
    centre: Floats
    scale: Floats

    @classmethod
    def fit(
        cls, vectors: npt.ArrayLike, targets: npt.ArrayLike | Targets, *, classes: int, decay: float = 1e-3
    ) -> Self:
        """Minimise cross-entropy against `targets` (n, c), or against what they are at each step, with an L2 penalty.

        Adam (Kingma and Ba 2015) over the whole data from zero weights: the same data give the same head. Not
        scikit-learn's, which knows neither soft targets nor ones that move with the predictions.
        """
        x = np.asarray(vectors, dtype=np.float64)
        centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
        x = _with_bias((x - centre) / scale)
        weights = np.zeros((x.shape[1], classes))
        first, second = np.zeros_like(weights), np.zeros_like(weights)
        penalty = np.full((x.shape[1], 1), decay)
        penalty[-1] = 0.0
        for step in range(1, STEPS + 1):
            predicted = _softmax(x @ weights)
            wanted = targets(predicted, step / STEPS) if callable(targets) else np.asarray(targets, dtype=np.float64)
            gradient = x.T @ (predicted - wanted) / len(x) + penalty * weights
            first = FIRST_DECAY * first + (1 - FIRST_DECAY) * gradient
            second = SECOND_DECAY * second + (1 - SECOND_DECAY) * gradient**2
            unbiased = first / (1 - FIRST_DECAY**step), second / (1 - SECOND_DECAY**step)
            weights -= RATE * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        return cls(weights, centre, scale)

    def predict(self, vectors: npt.ArrayLike) -> Floats:
        """Probabilities (n, c)."""
        x = np.asarray(vectors, dtype=np.float64)
        return _softmax(_with_bias((x - self.centre) / self.scale) @ self.weights)


def one_hot(labels: npt.ArrayLike, classes: int) -> Floats:
    """(n,) whole numbers as (n, c) rows of one 1."""
    hot: npt.NDArray[Any] = np.eye(classes)[np.asarray(labels, dtype=np.intp)]
    return hot


def _with_bias(x: Floats) -> Floats:
    return np.hstack([x, np.ones((len(x), 1))])


def _softmax(scores: Floats) -> Floats:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return shares
