"""Scores of answers from those of their steps, and which answers are worth labelling."""

from __future__ import annotations

import numpy as np
import pytest

from burnish.policies.steps import StepModel, answer_score, best_of, first_error, worth_labelling


def test_three_ways_to_score_an_answer() -> None:
    steps = [0.9, 0.5, 0.8]
    assert answer_score(steps) == pytest.approx(0.36)
    assert answer_score(steps, "minimum") == 0.5
    assert answer_score(steps, "mean") == pytest.approx(0.36 ** (1 / 3))
    assert answer_score([]) == answer_score([], "mean") == 0.0


def test_length_makes_no_answer_worse_when_it_is_normalised() -> None:
    assert answer_score([0.9] * 8) < answer_score([0.8])
    assert answer_score([0.9] * 8, "mean") > answer_score([0.8], "mean")


def test_the_best_of_n_and_the_first_error() -> None:
    assert best_of([0.1, 0.7, 0.7]) == 1
    assert first_error([1, 0, -1, 1]) == 2
    assert first_error([1, 0]) is None


def test_a_step_model_learns_from_labels_and_from_nothing_else() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 8))
    labels = np.where(vectors[:, 0] > 0, rng.integers(0, 2, 400), -1)
    model = StepModel.fit(vectors[:300], labels[:300].tolist())
    right = (model.right(vectors[300:]) > 0.5) == (labels[300:] >= 0)
    assert right.mean() > 0.9
    shuffled = StepModel.fit(vectors[:300], rng.permutation(labels[:300]).tolist())
    assert ((shuffled.right(vectors[300:]) > 0.5) == (labels[300:] >= 0)).mean() < 0.65


def test_convincing_wrong_answers_come_first() -> None:
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05]
    right = [True, False, False, True, False, False, True, False, False, False]
    chosen = worth_labelling(scores, right, 5, np.random.default_rng(0))
    assert len(set(chosen)) == 5
    assert {1, 2, 4, 5} <= set(chosen)
    assert worth_labelling(scores, [True] * 10, 3, np.random.default_rng(0)) != []
    assert len(worth_labelling(scores, right, 50, np.random.default_rng(0))) == 10
