"""Process supervision (Lightman et al. 2023): a model of which steps are right, scores of whole answers, and which
answers are worth labelling.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from burnish.policies.logistic import Head, one_hot

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


def labelling_queue(
    scores: Sequence[float], right_end: Sequence[bool], rng: np.random.Generator, *, convincing: float = 0.8
) -> list[int]:
    """All answers in the order in which labels of them teach most: a share `convincing` looks right and ends wrong, the
    rest comes by chance.

    Of wrong answers the highest scores come first: there the step model errs most.
    """
    wrong = sorted((i for i, right in enumerate(right_end) if not right), key=lambda i: (-scores[i], i))
    by_chance = rng.permutation(len(scores)).tolist()
    queue: dict[int, None] = {}
    while len(queue) < len(scores):
        due = len(queue) + 1 - int(convincing * (len(queue) + 1)) > len(queue) - int(convincing * len(queue))
        source = by_chance if due or not wrong else wrong
        queue.setdefault(source.pop(0))
    return list(queue)


def worth_labelling(
    scores: Sequence[float], right_end: Sequence[bool], count: int, rng: np.random.Generator
) -> list[int]:
    """The first `count` of the queue, as sorted indices."""
    return sorted(labelling_queue(scores, right_end, rng)[:count])


_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_SIGNS = frozenset("+-*/(")
NAMED = 8
"""Numbers of the text before that a step is explained by; of more the first ones."""


def operand_features(before: str, step: str) -> list[str]:
    """What a step does to the numbers of the text before it, a word for each of its own numbers: "kept" and the role of
    an equal number before, one operation on two of them with their roles, or "new".

    The role of a number is its side of "=", the sign before it and the letter or sign behind it. So the words say what
    was done, whatever the numbers are; those of a step that has none say how its text goes.
    """
    known: dict[Fraction, str] = {}
    for found in list(_NUMBER.finditer(before))[:NAMED]:
        known.setdefault(Fraction(found[0]), _role(before, found))
    explained = dict(_explained(known)) | {value: f"kept{role}" for value, role in known.items()}
    words = []
    for found in _NUMBER.finditer(step):
        feature = explained.get(Fraction(found[0]), "new")
        words += [feature, f"{feature}>{_role(step, found)}"]
    words += [f"{a}&{b}" for a, b in pairwise(words[::2])]
    return words or _NUMBER.sub("0", step).split()


def _role(text: str, number: re.Match[str]) -> str:
    """On which side of "=" a number stands, the sign before it and the letter or sign behind it."""
    before, behind = text[: number.start()].rstrip()[-1:], text[number.end() :].lstrip()[:1]
    side = "r" if "=" in text[: number.start()] else "l"
    return side + (before if before in _SIGNS else "") + (behind if behind.isalpha() or behind in _SIGNS else "")


def _explained(known: Mapping[Fraction, str]) -> Iterator[tuple[Fraction, str]]:
    """What one operation on two of the numbers comes to; of equals the last is taken, which is the simplest."""
    for (a, first), (b, second) in permutations(known.items(), 2):
        if b and a > b:
            yield a / b, f"{first}:{second}"
        yield a * b, "*".join(sorted((first, second)))
        if a > b:
            yield a - b, f"{first}~{second}"
        yield a + b, "&".join(sorted((first, second)))


def feature_vectors(pairs: Sequence[tuple[str, str]], dimensions: int = 512) -> npt.NDArray[np.float32]:
    """(n, dimensions) from texts and the steps after them: their operand features, hashed to signed dimensions
    (Weinberger et al. 2009), of unit length.
    """
    vectors = np.zeros((len(pairs), dimensions), dtype=np.float32)
    for row, (before, step) in enumerate(pairs):
        for feature in operand_features(before, step):
            code = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
            vectors[row, code % dimensions] += 1.0 if code >> 31 else -1.0
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return vectors


@dataclass(frozen=True)
class LabelledAnswer:
    """An answer whose steps are labelled: `vectors` (n, d) of its steps, a label each up to the first wrong one, and
    whether its end is right.
    """

    vectors: npt.NDArray[np.float32]
    labels: tuple[int, ...]
    right_end: bool


def fitted(answers: Sequence[LabelledAnswer]) -> StepModel:
    """The step model of labelled answers; steps behind the first wrong one have no label."""
    vectors = np.concatenate([a.vectors[: len(a.labels)] for a in answers])
    return StepModel.fit(vectors, [label for a in answers for label in a.labels])


def labels_needed(
    pool: Sequence[LabelledAnswer],
    quality: Callable[[StepModel], float],
    target: float,
    *,
    batch: int,
    active: bool,
    rng: np.random.Generator,
) -> int | None:
    """Answers of `pool` that have to be labelled, `batch` at a time, until `quality` is at `target`; None if all do not
    suffice.

    The first batch is drawn by chance; then with `active` come those that are worth it by the model so far, else more
    by chance. Both kinds of steps have to be among them before there is a model.
    """
    left = list(rng.permutation(len(pool)).tolist())
    known, left = left[:batch], left[batch:]
    while True:
        labels = {label >= 0 for i in known for label in pool[i].labels}
        model = fitted([pool[i] for i in known]) if len(labels) == 2 else None
        if model is not None and quality(model) >= target:
            return len(known)
        if not left:
            return None
        if active and model is not None:
            scores = [answer_score(model.right(pool[i].vectors).tolist()) for i in left]
            chosen = worth_labelling(scores, [pool[i].right_end for i in left], min(batch, len(left)), rng)
        else:
            chosen = list(range(min(batch, len(left))))
        known += [left[i] for i in chosen]
        left = [one for place, one in enumerate(left) if place not in set(chosen)]
