"""Weak-to-strong generalisation (Burns et al. 2023): a student learns from weaker labels and may disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from burnish.policies.softmax import Floats, Head, one_hot
from burnish.types import Record

RESAMPLES = 2000


@dataclass(frozen=True)
class Recovered(Record):
    """Performance gap recovered: (student - weak) / (ceiling - weak), with its 95 % bootstrap interval.

    `pgr` is None where ceiling and weak labeller cannot be told apart: then it is noise by noise. `right_against` is
    the share of the `disagreements` in which the student is right.
    """

    weak: float
    student: float
    ceiling: float
    pgr: float | None
    lower: float | None
    upper: float | None
    disagreements: int
    right_against: float


def student(vectors: npt.ArrayLike, weak: npt.ArrayLike, *, confidence: float = 0.75, warm_up: float = 0.2) -> Head:
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

    return Head.fit(vectors, targets, classes=labels.shape[1])


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
        pgr=float((rates[1] - rates[0]) / (rates[2] - rates[0])) if known else None,
        lower=float(np.quantile(ratios, 0.025)) if known else None,
        upper=float(np.quantile(ratios, 0.975)) if known else None,
        disagreements=int(differ.sum()),
        right_against=float((own == true)[differ].mean()) if differ.any() else 0.0,
    )
