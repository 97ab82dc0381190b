"""Weak-to-strong generalisation (Burns et al. 2023): a student learns from weaker labels and may disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from burnish.policies.logistic import Floats, Head, one_hot
from burnish.policies.statistics import Resampled

RESAMPLES = 2000
FOLDS = 3
DECAYS = (1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0)


@dataclass(frozen=True)
class Recovered:
    """Performance gap recovered: (student - weak) / (ceiling - weak), with what it is on resamples of the tasks.

    `pgr` is None where ceiling and weak labeller cannot be told apart: then it is noise by noise. `right_against` is
    the share of the `disagreements` in which the student is right, `weak_right_against` that of the weak
    label.
    """

    weak: float
    student: float
    ceiling: float
    pgr: Resampled | None
    disagreements: int
    right_against: float
    weak_right_against: float


def best_decay(vectors: npt.ArrayLike, labels: npt.ArrayLike, *, seed: int = 0) -> float:
    """The strongest L2 penalty, of `DECAYS`, whose heads agree with labels (n, c) they were not fitted on as well as
    the best, or within one standard error of it (Breiman et al. 1984), by 3 folds.

    Labels that are often wrong hardly tell penalties apart, and with a weak one the noise is learned by heart.
    """
    x, y = np.asarray(vectors), np.asarray(labels, dtype=np.float64)
    fold = np.random.default_rng(seed).permutation(len(x)) % FOLDS

    def agreement(decay: float) -> float:
        heads = [Head.fit(x[fold != f], y[fold != f], classes=y.shape[1], decay=decay) for f in range(FOLDS)]
        said = np.concatenate([head.predict(x[fold == f]).argmax(axis=1) for f, head in enumerate(heads)])
        return float((said == np.concatenate([y[fold == f].argmax(axis=1) for f in range(FOLDS)])).mean())

    agreed = {decay: agreement(decay) for decay in DECAYS}
    best = max(agreed.values())
    error = float(np.sqrt(best * (1 - best) / len(x)))
    return max(decay for decay in DECAYS if agreed[decay] >= best - error)


def student(
    vectors: npt.ArrayLike,
    weak: npt.ArrayLike,
    *,
    decay: float = 1e-3,
    confidence: float = 0.75,
    warm_up: float = 0.2,
) -> Head:
    """A head trained on weak label probabilities (n, c) with the auxiliary confidence loss.

    The target is (1 - a) times the weak label and a times the student's own prediction, hardened; a rises from 0 to
    `confidence` over the first `warm_up` of training. Predictions are hardened such that each class is taken as often
    as the weak labels take it.
    """
    labels = np.asarray(weak, dtype=np.float64)
    balance = labels.mean(axis=0)

    def targets(predicted: Floats, done: float) -> Floats:
        share = confidence * min(1.0, done / warm_up)
        return (1 - share) * labels + share * hardened(predicted, balance)

    return Head.fit(vectors, targets, classes=labels.shape[1], decay=decay)


def hardened(predicted: Floats, balance: Floats) -> Floats:
    """Each row's class as one-hot, classes taken about as often as `balance` (c,) says.

    Scores are divided by what a class would have to exceed: its quantile at that share.
    """
    thresholds = np.array([np.quantile(predicted[:, c], 1 - share) for c, share in enumerate(balance)])
    return one_hot((predicted / np.maximum(thresholds, 1e-12)).argmax(axis=1), predicted.shape[1])


def recovered(
    truth: npt.ArrayLike, weak: npt.ArrayLike, learned: npt.ArrayLike, ceiling: npt.ArrayLike, *, seed: int = 0
) -> Recovered:
    """What a student recovered, from labels (n,) of held-out tasks: true, weak, the student's and the ceiling's."""
    true, weak_labels, own = np.asarray(truth), np.asarray(weak), np.asarray(learned)
    right = np.stack([weak_labels == true, own == true, np.asarray(ceiling) == true]).astype(float)
    rates = right.mean(axis=1)
    drawn = np.random.default_rng(seed).integers(len(true), size=(RESAMPLES, len(true)))
    means = right[:, drawn].mean(axis=2)
    gaps = means[2] - means[0]
    differ = own != weak_labels
    known = float(np.quantile(gaps, 0.025)) > 0
    ratios = (means[1] - means[0])[gaps > 0] / gaps[gaps > 0]
    return Recovered(
        weak=float(rates[0]),
        student=float(rates[1]),
        ceiling=float(rates[2]),
        pgr=Resampled(float((rates[1] - rates[0]) / (rates[2] - rates[0])), ratios) if known else None,
        disagreements=int(differ.sum()),
        right_against=float((own == true)[differ].mean()) if differ.any() else 0.0,
        weak_right_against=float((weak_labels == true)[differ].mean()) if differ.any() else 0.0,
    )
