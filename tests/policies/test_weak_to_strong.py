"""A student that outgrows its labeller, and how much of the gap it closed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from burnish.policies.logistic import Head, one_hot
from burnish.policies.weak_to_strong import best_decay, hardened, recovered, student

RNG = np.random.default_rng(0)


def blobs(n: int, seed: int) -> tuple[Any, Any]:
    """Two classes that a line through 20 dimensions tells apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n)
    vectors = rng.normal(size=(n, 20))
    vectors[:, :4] += 1.2 * (2 * labels[:, None] - 1)
    return vectors, labels


def noisy(labels: Any, share: float, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(labels)) < share, 1 - labels, labels)


def test_the_penalty_is_weak_for_labels_that_follow_the_vectors_and_strong_for_noise() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(150, 12))
    ruled = (vectors @ rng.normal(size=(12, 3))).argmax(axis=1)
    assert best_decay(vectors, one_hot(ruled, 3)) <= 0.03
    assert best_decay(vectors, one_hot(rng.integers(3, size=150), 3)) >= 0.3


def test_a_head_learns_what_a_line_tells_apart() -> None:
    vectors, labels = blobs(400, 1)
    others, truth = blobs(400, 2)
    head = Head.fit(vectors, one_hot(labels, 2), classes=2)
    assert (head.predict(others).argmax(axis=1) == truth).mean() > 0.95
    assert head.predict(others).sum(axis=1) == pytest.approx(np.ones(400))


def test_a_student_is_better_than_the_labels_it_learned_from() -> None:
    vectors, labels = blobs(600, 3)
    others, truth = blobs(600, 4)
    weak = noisy(labels, 0.3, 5)
    made = student(vectors, one_hot(weak, 2))
    own = made.predict(others).argmax(axis=1)
    ceiling = Head.fit(vectors, one_hot(labels, 2), classes=2).predict(others).argmax(axis=1)
    result = recovered(truth, noisy(truth, 0.3, 6), own, ceiling)
    assert result.weak < 0.75 < 0.9 < result.student
    assert result.pgr is not None
    assert result.pgr.estimate > 0.7
    assert result.pgr.interval().lower > 0.5
    assert result.right_against > 0.8


def test_no_gap_no_figure() -> None:
    truth = RNG.integers(2, size=100)
    own = noisy(truth, 0.2, 1)
    result = recovered(truth, noisy(truth, 0.2, 2), own, noisy(truth, 0.2, 3))
    assert result.pgr is None


def test_hardening_keeps_the_balance_of_classes() -> None:
    predicted = np.column_stack([np.linspace(0, 0.4, 100), 1 - np.linspace(0, 0.4, 100)])
    assert hardened(predicted, np.array([0.3, 0.7])).mean(axis=0) == pytest.approx([0.3, 0.7], abs=0.02)
    assert predicted.argmax(axis=1).sum() == 100
