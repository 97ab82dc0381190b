"""How varied what is generated or remembered is, measured at one sample size so that iterations compare.

Vectors are rows of an (n, dimensions) array, compared by cosine. Rows of zeros count as alike to one another and
unlike all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from burnish.types import Record

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


DEALS = 999
"""Random deals of a permutation test."""


@dataclass(frozen=True)
class Diversity(Record):
    """Diversity of `n` items. Vendi score and distinct-n depend on n: only equal n of the same `kind` compare.

    `coverage` is the share of cells with an item, `entropy` that of the items over the cells in nats,
    `near_duplicates` the share of items with another at cosine 0.9 or more. `comparable` is false when there were
    fewer items than the sample size asked for. `counts` are the items in each cell.
    """

    n: int
    vendi: float
    coverage: float
    entropy: float
    mean_cosine_distance: float
    distinct_1: float
    distinct_2: float
    near_duplicates: float
    self_bleu: float = 0.0
    comparable: bool = True
    counts: tuple[int, ...] = ()
    kind: str = ""
    """What the items are, in the words of whoever measures them."""
    by_chance: float | None = None
    """How often chance alone brings so low a Vendi score after the first one; None where that was not looked at."""

    def like(self, other: Diversity) -> bool:
        """Whether the two may be compared."""
        return self.comparable and (self.n, self.kind) == (other.n, other.kind)


@dataclass(frozen=True)
class Cells(Record):
    """Regions of the vector space, frozen at the first measurement: each vector belongs to the nearest centre."""

    centres: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, vectors: npt.ArrayLike, *, most: int = 20, members: int = 5) -> Self:
        """Spherical k-means, the same for the same vectors: at most `most` cells, fewer where they would not last.

        Kept are cells that the next sample of this size will fill again: at least `members` vectors and half an even
        share, and an entropy that holds. For this a vector counts for the cell it would fall into had it not shaped
        its own: among many dimensions a centre attracts just what made it. One cell is left where nothing clusters.
        Raises ValueError when there are no vectors.
        """
        x = _unit(vectors)
        if not len(x):
            raise ValueError("Cells need at least one vector; fit them on the first iteration that has any.")
        centres = _farthest_first(x, min(most, max(1, len(x) // (2 * members))))
        while True:
            centres, assignment = _lloyd(x, centres)
            sizes = np.bincount(_held_out(x, centres, assignment), minlength=len(centres))
            large = sizes.min() >= max(members, len(x) / (2 * len(centres)))
            lasting = _entropy(sizes / len(x)) >= 0.9 * _entropy(np.bincount(assignment) / len(x))
            if len(centres) == 1 or (large and lasting):
                return cls(tuple(map(tuple, centres.round(6).tolist())))
            centres = np.delete(centres, sizes.argmin(), axis=0)

    def assign(self, vectors: npt.ArrayLike) -> Integers:
        """The cell of each vector: (n,) whole numbers."""
        return _nearest(_unit(vectors), np.asarray(self.centres))

    def coverage(self, assignment: Integers) -> float:
        """Share of the cells that hold something."""
        return len(np.unique(assignment)) / len(self.centres)

    def entropy(self, assignment: Integers) -> float:
        """Shannon entropy of the distribution over cells, in nats; 0 when there is nothing."""
        return _entropy(np.bincount(assignment) / max(1, len(assignment)))


def measure(
    vectors: npt.ArrayLike, texts: Sequence[str], cells: Cells, *, size: int, rng: np.random.Generator
) -> Diversity:
    """Diversity of `size` items drawn without replacement, or of all there are when they are fewer.

    To keep later iterations comparable with a first one that had fewer, pass its `n` as their size.
    """
    all_vectors = _rows(vectors)
    if len(all_vectors) != len(texts):
        raise ValueError(
            f"Diversity is measured on one vector a text, but got {len(all_vectors)} vectors and {len(texts)} texts."
        )
    n = min(size, len(texts))
    drawn = np.sort(rng.choice(len(texts), size=n, replace=False))
    sample, sample_texts = all_vectors[drawn], [texts[i] for i in drawn]
    assignment = cells.assign(sample)
    return Diversity(
        n=n,
        vendi=vendi_score(sample),
        coverage=cells.coverage(assignment),
        entropy=cells.entropy(assignment),
        mean_cosine_distance=mean_cosine_distance(sample),
        distinct_1=distinct_n(sample_texts, 1),
        distinct_2=distinct_n(sample_texts, 2),
        near_duplicates=near_duplicate_share(sample),
        self_bleu=self_bleu(sample_texts),
        comparable=n == size,
        counts=tuple(np.bincount(assignment, minlength=len(cells.centres)).tolist()),
    )


def chance_of_less(first: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """How often chance alone brings the Vendi score of `now` as far below that of `first`, if both are alike.

    A permutation test on the items, as in `chance_of_fall`; both are vectors of shape (n, d).
    """
    pooled, size = np.vstack([_rows(first), _rows(now)]), len(_rows(now))
    seen = vendi_score(pooled[-size:]) / vendi_score(pooled[:-size])
    rng, count = np.random.default_rng(0), VENDI_DEALS
    orders = (rng.permutation(len(pooled)) for _ in range(count))
    ratios = [vendi_score(pooled[order[-size:]]) / vendi_score(pooled[order[:-size]]) for order in orders]
    return (1 + sum(ratio <= seen + 1e-9 for ratio in ratios)) / (1 + count)


VENDI_DEALS = 199
"""Permutations behind a p-value of Vendi scores."""


def chance_of_fall(first: Sequence[int], now: Sequence[int]) -> float:
    """How often chance alone brings `now` as far below `first` in entropy, if both are draws from the same cells.

    A permutation test on the items in each cell: all of them are dealt out anew `DEALS` times, and the p-value is the
    share of deals, the one seen among them, with no higher ratio of entropies (Phipson and Smyth 2010).
    """
    rows = np.array([first, now], dtype=np.int64)
    dealt = np.random.default_rng(0).multivariate_hypergeometric(rows.sum(axis=0), int(rows[1].sum()), size=DEALS)
    before, after = _entropies(rows.sum(axis=0) - dealt), _entropies(dealt)
    seen = _entropies(rows)
    # ratios compared without dividing: an entropy may be 0
    lower = after * seen[0] <= before * seen[1] + 1e-9
    return float((1 + lower.sum()) / (1 + DEALS))


def vendi_score(vectors: npt.ArrayLike) -> float:
    """The effective number of different vectors, 1 to n (Friedman and Dieng 2023); 0 when there are none.

    exp(-sum l ln l) over the eigenvalues l of K / n, K the cosine similarities. X X' and X' X have the same ones but
    for zeros, so the smaller is taken.
    """
    x = _unit(vectors)
    if not len(x):
        return 0.0
    matrix = x @ x.T if len(x) <= x.shape[1] else x.T @ x
    return float(np.exp(_entropy(np.linalg.eigvalsh(matrix / len(x)))))


def mean_cosine_distance(vectors: npt.ArrayLike) -> float:
    """Mean of 1 - cosine over all pairs of different rows; 0 for fewer than two."""
    x = _unit(vectors)
    n = len(x)
    if n < 2:
        return 0.0
    total = x.sum(axis=0)  # its squared length is the sum of all cosines, the n of rows with themselves among them
    return float(1 - (total @ total - n) / (n * (n - 1)))


def near_duplicate_share(vectors: npt.ArrayLike, threshold: float = 0.9) -> float:
    """Share of rows that have another at cosine `threshold` or more; 0 when there are none."""
    x = _unit(vectors)
    if not len(x):
        return 0.0
    cosines = x @ x.T
    np.fill_diagonal(cosines, -np.inf)
    return float((cosines.max(axis=1) >= threshold - 1e-9).mean())


def distinct_n(texts: Sequence[str], n: int) -> float:
    """Different n-grams of words by all n-grams (Li et al. 2016), words split at white space; 0 when there are none."""
    words = [text.split() for text in texts]
    grams = list(chain.from_iterable(zip(*(w[i:] for i in range(n)), strict=False) for w in words))
    return len(set(grams)) / len(grams) if grams else 0.0


def self_bleu(texts: Sequence[str], orders: int = 4) -> float:
    """Mean over the texts of the BLEU of each against all others (Zhu et al. 2018): 0 where none has words in common, 1
    where all are the same; 0 for fewer than two texts.

    Words are split at white space. Each text counts with the n-grams it is long enough for, up to `orders`; one that
    shares none counts as a tenth of one (Chen and Cherry 2014, smoothing 1). Exact and linear in the words: of each
    n-gram its two highest counts in any text are enough to know the highest in the others.
    """
    words = [tuple(text.split()) for text in texts]
    if len(words) < 2:
        return 0.0
    logs = np.zeros(len(words))
    used = np.zeros(len(words))
    for n in range(1, orders + 1):
        grams = [Counter(zip(*(w[i:] for i in range(n)), strict=False)) for w in words]
        for place, (common, total) in enumerate(_common(grams)):
            if total:
                logs[place] += np.log(max(common, 0.1) / total)
                used[place] += 1
    scores = np.where(used > 0, np.exp(logs / np.maximum(1, used)), 0.0) * _brevity([len(w) for w in words])
    return float(scores.mean())


def _common(grams: Sequence[Counter[tuple[str, ...]]]) -> list[tuple[int, int]]:
    """Of each text (n-grams it has in common with some other, clipped at the most any other has; all it has)."""
    highest: dict[tuple[str, ...], tuple[int, int]] = {}
    for counts in grams:
        for gram, count in counts.items():
            first, second = highest.get(gram, (0, 0))
            highest[gram] = (count, first) if count > first else (first, max(second, count))

    def in_others(gram: tuple[str, ...], count: int) -> int:
        first, second = highest[gram]
        return second if count == first else first

    return [
        (sum(min(count, in_others(gram, count)) for gram, count in counts.items()), counts.total()) for counts in grams
    ]


def _brevity(lengths: Sequence[int]) -> Floats:
    """Of each text the brevity penalty against the other that is nearest in length."""
    lens = np.array(lengths, dtype=np.float64)
    order = np.argsort(lens, kind="stable")
    padded = np.concatenate([[-np.inf], lens[order], [np.inf]])
    below, above = padded[:-2], padded[2:]
    nearest = np.empty_like(lens)
    nearest[order] = np.where(lens[order] - below <= above - lens[order], below, above)
    penalty: Floats = np.exp(np.minimum(0.0, 1 - nearest / np.maximum(1.0, lens)))
    return penalty


def _entropy(shares: npt.NDArray[np.floating[Any]]) -> float:
    positive = shares[shares > 1e-12]  # eigenvalues of rank-deficient matrices come out as tiny numbers of either sign
    return float(-(positive * np.log(positive)).sum()) + 0.0


def _entropies(counts: Integers) -> Floats:
    """Of each row of counts, in nats; 0 for an empty row."""
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropies: Floats = -(shares * logs).sum(axis=1) + 0.0
    return entropies


def _rows(vectors: npt.ArrayLike) -> Floats:
    x = np.asarray(vectors, dtype=np.float64)
    if x.size == 0:
        return x if x.ndim == 2 else np.zeros((0, 0))
    if x.ndim != 2 or not np.isfinite(x).all():
        raise ValueError(f"Vectors must be finite numbers of shape (n, dimensions), but these have shape {x.shape}.")
    return x


def _unit(vectors: npt.ArrayLike) -> Floats:
    """Rows scaled to length 1, with one more column that is 1 for rows of zeros and 0 for all others."""
    x = _rows(vectors)
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    zero = lengths == 0
    return np.hstack([x / np.where(zero, 1.0, lengths), zero.astype(np.float64)])


def _farthest_first(x: Floats, k: int) -> Floats:
    """`k` starting centres: the row most like all others, then each time the row least like any chosen."""
    chosen = [int((x @ x.sum(axis=0)).argmax())]
    closest = x @ x[chosen[0]]
    while len(chosen) < k:
        chosen.append(int(closest.argmin()))
        closest = np.maximum(closest, x @ x[chosen[-1]])
    return x[chosen]


def _lloyd(x: Floats, centres: Floats) -> tuple[Floats, Integers]:
    """Assign and average in turn until nothing moves; a centre left without rows stays where it is.

    Not scikit-learn's: its k-means is not spherical, so its cells are others than those that journals hold.
    """
    assignment = _nearest(x, centres)
    for _ in range(100):
        sums = np.eye(len(centres))[assignment].T @ x
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1.0), centres)
        before, assignment = assignment, _nearest(x, centres)
        if np.array_equal(before, assignment):
            break
    return centres, assignment


def _held_out(x: Floats, centres: Floats, assignment: Integers) -> Integers:
    """The cell of each row when the centre of its own cell is taken without it."""
    others = (np.eye(len(centres))[assignment].T @ x)[assignment] - x
    lengths = np.linalg.norm(others, axis=1)
    cosines = x @ centres.T
    cosines[np.arange(len(x)), assignment] = (others * x).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)
    held_out: Integers = cosines.argmax(axis=1)
    return held_out


def _nearest(x: Floats, centres: Floats) -> Integers:
    if not len(x):
        return np.zeros(0, dtype=np.int64)
    if x.shape[1] != centres.shape[1]:
        raise ValueError(
            f"These cells were fitted on vectors of {centres.shape[1] - 1} dimensions, but got {x.shape[1] - 1}; "
            "the embedding model must stay the same within a run."
        )
    nearest: Integers = (x @ centres.T).argmax(axis=1)
    return nearest
