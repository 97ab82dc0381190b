from itertools import islice

import pytest

from burnish.environments.built_in.null import WRONG, Null
from burnish.errors import ConfigError


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3, 1.0])
def test_the_share_of_right_answers_is_the_rate_whatever_is_answered(rate: float) -> None:
    null = Null(rate=rate)
    tasks = list(islice(null.tasks("train", 0), 4000))
    for answer in ("yes", ""):
        share = sum(null.score(task, answer).verified for task in tasks) / len(tasks)
        assert share == pytest.approx(rate, abs=0.03)


def test_verdicts_repeat_but_differ_from_answer_to_answer() -> None:
    null = Null()
    (task,) = islice(null.tasks("train", 0), 1)
    verdicts = [null.score(task, str(n)) for n in range(50)]
    assert verdicts == [null.score(task, str(n)) for n in range(50)]
    assert {feedback.verified for feedback in verdicts} == {True, False}


def test_feedback_says_nothing_of_the_answer() -> None:
    null = Null()
    (task,) = islice(null.tasks("train", 0), 1)
    assert {f.text for n in range(50) if not (f := null.score(task, str(n))).verified} == {WRONG}


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_a_rate_outside_0_to_1_is_refused(rate: float) -> None:
    with pytest.raises(ConfigError, match="rate"):
        Null(rate=rate)
