"""Scores of answers from those of their steps, and which answers are worth labelling."""

from __future__ import annotations

import numpy as np
import pytest

from burnish.policies.steps import (
    LabelledAnswer,
    StepModel,
    answer_score,
    best_of,
    feature_vectors,
    first_error,
    labelling_queue,
    labels_needed,
    operand_features,
    worth_labelling,
)


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


def test_operand_features_say_what_was_done_whatever_the_numbers() -> None:
    assert operand_features("4x + 3 = 11", "4x = 8") == operand_features("7x + 5 = 26", "7x = 21")
    assert operand_features("4x + 3 = 11", "4x = 14") == operand_features("7x + 5 = 26", "7x = 31")
    assert operand_features("4x + 3 = 11", "4x = 8") != operand_features("4x + 3 = 11", "4x = 14")
    assert operand_features("x = 1", "therefore so") == ["therefore", "so"]
    assert "new" in operand_features("4x = 8", "x = 77")


def test_a_step_model_of_operand_features_tells_the_inverse_operation() -> None:
    rng = np.random.default_rng(0)

    def step(*, right: bool) -> tuple[str, str]:
        a, b, x = (int(n) for n in rng.integers(2, 40, 3))
        return f"{a}x + {b} = {a * x + b}", f"{a}x = {a * x if right else a * x + 2 * b}"

    truth = [bool(t) for t in rng.integers(0, 2, 200)]
    vectors = feature_vectors([step(right=t) for t in truth])
    model = StepModel.fit(vectors[:120], [1 if t else -1 for t in truth[:120]])
    assert ((model.right(vectors[120:]) > 0.5) == np.array(truth[120:])).mean() > 0.9


def test_the_queue_is_four_convincing_wrong_answers_to_one_by_chance() -> None:
    scores = [i / 100 for i in range(100)]
    queue = labelling_queue(scores, [i % 2 == 0 for i in range(100)], np.random.default_rng(0))
    assert sorted(queue) == list(range(100))
    assert sum(i % 2 for i in queue[:20]) >= 16
    assert [i for i in queue[:5] if i % 2][:4] == [99, 97, 95, 93]


def test_labels_needed_to_reach_a_quality() -> None:
    rng = np.random.default_rng(0)
    pool = []
    for _ in range(60):
        right = bool(rng.integers(2))
        vectors = rng.normal(size=(1, 4)).astype(np.float32) + (2 if right else -2)
        pool.append(LabelledAnswer(vectors, (1 if right else -1,), right))

    def quality(model: StepModel) -> float:
        return float(np.mean([(model.right(a.vectors)[0] > 0.5) == a.right_end for a in pool]))

    for active in (True, False):
        assert labels_needed(pool, quality, 0.95, batch=6, active=active, rng=np.random.default_rng(1)) in {6, 12}
    assert labels_needed(pool, quality, 1.1, batch=20, active=True, rng=np.random.default_rng(1)) is None
