from itertools import islice

import pytest

from burnish.environments.built_in.null import LEVELS, WRONG, Null
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


def test_a_level_is_a_rate() -> None:
    shares = []
    for level, rate in LEVELS.items():
        null = Null(rate=1.0).at_level(level)
        tasks = list(islice(null.tasks("train", 0), 4000))
        shares.append(sum(null.score(task, "yes").verified for task in tasks) / len(tasks))
        assert shares[-1] == pytest.approx(rate, abs=0.03)
    assert shares == sorted(shares, reverse=True)


def test_an_answer_that_is_right_by_chance_is_found_where_there_is_one() -> None:
    for task in islice(Null().tasks("train", 0), 50):
        answer = Null().solve(task)
        assert answer is not None
        assert Null().score(task, answer).verified
        assert not any(Null().score(task, str(n)).verified for n in range(int(answer)))
        assert Null(rate=0.0).solve(task) is None
