"""Which exemplars to show: alike, spread out, and in an order that keeps prompt prefixes shared.

Two ways. "nearest" chooses for every task anew: best likeness, but every prompt is another one and the server
prefills all of it. "shelves" fixes a few ordered sets of exemplars for a whole memory revision and gives each
task the shelf it is nearest to: nearly as alike, and most of the prompt comes from the server's cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

DIGITS = 6
"""To which scores are rounded before the best is taken: products of the same vectors differ in the last bits with
where they lie in memory, and a resumed run must choose the same."""


def cosines(rows: Vectors, others: Vectors) -> NDArray[np.float64]:
    """The product of unit rows (n, d) with (d,) or (d, m), equal for equal vectors."""
    return np.round(rows.astype(np.float64) @ others.astype(np.float64), DIGITS)


def maximal_marginal_relevance(query: Vectors, candidates: Vectors, count: int, *, relevance: float) -> list[int]:
    """Indices of `count` candidates, best first: argmax of rho·sim(query, e) - (1-rho)·max sim(e, chosen).

    `query` has shape (d,), `candidates` (n, d), all of unit length; rho is `relevance`
    (Carbonell and Goldstein 1998).
    """
    likeness = cosines(candidates, query)
    crowding = np.full(len(candidates), -1.0)
    chosen: list[int] = []
    for _ in range(min(count, len(candidates))):
        score = np.round(relevance * likeness - (1 - relevance) * crowding, DIGITS)
        score[chosen] = -np.inf
        best = int(np.argmax(score))
        chosen.append(best)
        crowding = np.maximum(crowding, cosines(candidates, candidates[best]))
    return chosen


def representatives(vectors: Vectors, count: int) -> list[int]:
    """Indices of `count` rows that represent all rows best, in greedy order.

    Maximises the facility-location function Σ_i max_{j chosen} sim(i, j), for which greedy choice is within
    1 - 1/e of the best (Nemhauser, Wolsey and Fisher 1978). `vectors` has shape (n, d), unit rows.
    """
    similarity = np.clip(cosines(vectors, vectors.T), 0.0, 1.0)
    covered = np.zeros(len(vectors))
    chosen: list[int] = []
    for _ in range(min(count, len(vectors))):
        gain = np.round(np.maximum(similarity - covered[:, None], 0.0).sum(axis=0), DIGITS)
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        chosen.append(best)
        covered = np.maximum(covered, similarity[:, best])
    return chosen


FORM_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Weights of form, against meaning, among which one is chosen."""
LEAST_ALIKE = 12
"""Exemplars from which on there is something to choose by."""
NEIGHBOURS = 4
"""Neighbours of an exemplar whose answers are compared with its own."""


def rarity(form: Vectors) -> Vectors:
    """How much each dimension of form says, shape (d,), by how few of the rows (n, d) have it: its inverse document
    frequency (Spärck Jones 1972). What nearly all texts have in common tells none apart.
    """
    present = (np.abs(form) > 1e-9).sum(axis=0)
    weights: Vectors = np.log((len(form) + 1) / (present + 1)).astype(np.float32)
    return weights if weights.any() else np.ones(form.shape[1], dtype=np.float32)


def form_share(
    meaning: Vectors,
    form: Vectors,
    tasks: Sequence[str],
    answers: Sequence[str],
    *,
    default: float,
    cells: Sequence[str] = (),
) -> float:
    """The weight of form at which the exemplars most alike have the same answer most often, each left out in turn;
    where answers hardly come again, are of the same of `cells`. `default` where no weight is clearly better.

    Unit rows (n, d) of `meaning` and of `form`, with task and answer of each exemplar. What is to be answered with one
    of a few labels is alike by its meaning, what is to be rewritten by its form, and only answers can tell.
    """
    n = len(tasks)
    if n < LEAST_ALIKE:
        return default
    other = _numbered(tasks)[:, None] != _numbered(tasks)
    same = next((found for kinds in (answers, cells) if (found := _come_again(kinds, other)) is not None), None)
    if same is None:
        return default
    weights = np.sqrt(rarity(form))
    weighed = form * weights
    lengths = np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), 1e-9)
    likeness = {"meaning": cosines(meaning, meaning.T), "form": cosines((weighed / lengths**2), weighed.T)}

    def agreement(share: float) -> NDArray[np.float64]:
        joint = np.where(other, (1 - share) * likeness["meaning"] + share * likeness["form"], -np.inf)
        nearest = np.argsort(-np.round(joint, DIGITS), axis=1, kind="stable")[:, :NEIGHBOURS]
        agreed: NDArray[np.float64] = np.take_along_axis(same, nearest, axis=1).mean(axis=1)
        return agreed

    known = agreement(default)
    best, gained = default, 0.0
    for share in sorted(FORM_SHARES, key=lambda s: abs(s - default)):
        gains = agreement(share) - known
        if gains.mean() > gained and gains.mean() > gains.std() / np.sqrt(n):
            best, gained = share, float(gains.mean())
    return best


def _come_again(kinds: Sequence[str], other: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Which exemplars of `other` tasks are of the same kind, shape (n, n); None where less than half have one."""
    if not kinds:
        return None
    numbers = _numbered(kinds)
    same: NDArray[np.bool_] = (numbers[:, None] == numbers) & other
    return same if same.any(axis=1).mean() >= 0.5 and not same[other].all() else None


def _numbered(texts: Sequence[str]) -> NDArray[np.int64]:
    """A number for each text, equal for equal ones."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64)


def nearest_shelf(tasks: Vectors, anchors: Vectors) -> list[int]:
    """For each task (rows of (q, d)) the index of the nearest anchor (rows of (s, d))."""
    return np.argmax(cosines(tasks, anchors.T), axis=1).tolist()  # type: ignore[no-any-return]


def ordered(best_first: Sequence[str], order: Literal["nearest_last", "nearest_first"]) -> list[str]:
    """Small models attend most to what stands last, so the default shows the most alike exemplar last."""
    return list(reversed(best_first)) if order == "nearest_last" else list(best_first)
