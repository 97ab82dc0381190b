"""Process supervision (Lightman et al. 2023): a model of which steps are right, scores of whole answers, and which
answers are worth labelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from burnish.policies.softmax import Head, one_hot

Scoring: TypeAlias = Literal["product", "minimum", "mean"]
"""`mean` is the geometric mean: the product, normalised by length."""


@dataclass(frozen=True)
class StepModel:
    """The probability that a step is not wrong, from its vector."""

    head: Head

    @classmethod
    def fit(cls, vectors: npt.ArrayLike, labels: Sequence[int]) -> Self:
        """From vectors (n, d) and labels -1, 0, +1; a label of 0 counts as right."""
        return cls(Head.fit(vectors, one_hot([int(label >= 0) for label in labels], 2), classes=2))

    def right(self, vectors: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """(n,) probabilities."""
        return self.head.predict(vectors)[:, 1]


def answer_score(steps: Sequence[float], scoring: Scoring = "product") -> float:
    """The score of an answer from those of its steps; 0 for one without steps."""
    if not steps:
        return 0.0
    if scoring == "minimum":
        return float(min(steps))
    product = float(np.prod(steps))
    return product if scoring == "product" else product ** (1 / len(steps))


def best_of(scores: Sequence[float]) -> int:
    """The index of the best of N answers; of equals the first."""
    return int(np.argmax(scores))


def first_error(labels: Sequence[int]) -> int | None:
    """Where labelling ends: the index of the first wrong step."""
    return next((i for i, label in enumerate(labels) if label < 0), None)


def worth_labelling(
    scores: Sequence[float], right_end: Sequence[bool], count: int, rng: np.random.Generator, *, convincing: float = 0.8
) -> list[int]:
    """`count` answers to have labelled: a share `convincing` looks right and ends wrong, the rest is drawn by chance.

    Of wrong answers the highest scores come first: from them the step model learns most.
    """
    wrong = sorted((i for i, right in enumerate(right_end) if not right), key=lambda i: (-scores[i], i))
    chosen = wrong[: round(convincing * count)]
    rest = [i for i in range(len(scores)) if i not in set(chosen)]
    more = min(count - len(chosen), len(rest))
    return sorted([*chosen, *(rest[i] for i in rng.choice(len(rest), more, replace=False).tolist())])
