"""What every built-in environment promises."""

from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strength import FULL, thorough_but

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.kit import check
from burnish.environments.registry import BUILT_IN, load
from burnish.errors import ConfigError
from burnish.protocols import Environment, Levels, Licensed, Solvable
from burnish.types import Task

NAMES = sorted(BUILT_IN)
HONEST = [name for name in NAMES if name != "null"]  # those whose verdicts mean something
LUCK = {"null": {"hostile unpaid", "others unpaid"}}  # it pays by chance, and must be caught at it
COSTLY = {"chess": 120, "code": 300}  # tasks to look at where making one takes long

HOSTILE = [
    '{"name":' * 100_000,
    '{"name": "\\ud800"}',
    '{"name": "\ud800", "age": 1}',
    '{"name": NaN, "age": NaN, "city": NaN, "job": NaN}',
    '{"name": null, "age": Infinity, "city": [], "job": {}}',
    '{"name": true, "age": true, "city": true, "job": true}',
    '{"name": {"name": {}}, "age": {}, "city": {}, "job": {}}',
    '{"age": ' + "9" * 10_000 + "}",
    '{"age": 1e999}',
    '{"age": -0}',
    '{"name": "\x00"}',
    '{"__class__": "str", "__eq__": true}',
    '{"name": "*", "age": "*", "city": "*", "job": "*"}',
    '{"name": "", "age": 0, "city": "", "job": ""}',
    "{'name': 'x'}",
    "\ufeff{}",
    "0000-00-00",
    "9999-99-99",
    "٢٠٢١-٠٣-٠٣",
    "1776-07-04\x00",
    "\u202e12-30-1202",
]
"""Answers in the shapes that these environments ask for, beside those that the conformance kit tries on any."""


QUICK = set(NAMES) - {"chess", "code", "equations"}
"""Those whose verdicts do not take long; the others have tests of their own besides."""
QUICKEST = {"contacts", "dates", "null"}
MANY = 500 if FULL else 100
"""Tasks to look at: 100, or 500 at full strength."""


each_name = pytest.mark.parametrize("name", thorough_but(QUICK, NAMES))
each_honest_name = pytest.mark.parametrize("name", thorough_but(QUICK, HONEST))


@pytest.fixture(params=thorough_but(QUICK, NAMES))
def environment(request: pytest.FixtureRequest) -> Environment:
    return load(request.param, {})


def drawn(environment: Environment, split: str = "train", seed: int = 0, count: int = 50) -> list[Task]:
    return list(islice(environment.tasks(split, seed), count))  # type: ignore[arg-type]


def gold(environment: Environment, task: Task) -> str:
    assert isinstance(environment, Solvable)
    answer = environment.solve(task)
    assert isinstance(answer, str)
    return answer


@pytest.mark.parametrize("name", thorough_but(QUICKEST, NAMES))
def test_the_conformance_kit_finds_no_broken_promise(name: str) -> None:
    broken = {finding.promise: finding.text for finding in check(name).broken}
    assert broken.keys() == LUCK.get(name, set()), "\n".join(broken.values())


def test_other_seeds_give_other_sequences(environment: Environment) -> None:
    assert drawn(environment, seed=0) != drawn(environment, seed=1)


@pytest.mark.thorough
async def test_there_are_at_least_ten_thousand_distinct_tasks(environment: Environment) -> None:
    count = COSTLY.get(environment.name, 10_000)
    tasks = await GuardedEnvironment(environment).draw("train", 0, count)
    assert len({task.id for task in tasks}) == count


def test_the_instruction_holds_no_key_of_the_data(environment: Environment) -> None:
    words = environment.instruction.lower().strip(".").split()
    for task in drawn(environment):
        assert environment.instruction not in task.prompt
        if environment.name == "contacts":
            assert not task.data.keys() & set(words)


@each_honest_name
async def test_the_expected_answer_is_verified_without_a_word(name: str) -> None:
    environment = load(name, {})
    tasks = drawn(environment, count=min(MANY, COSTLY.get(name, MANY)))
    pairs = [(task, gold(environment, task)) for task in tasks]
    for feedback in await GuardedEnvironment(environment).judge_all(pairs):
        assert (feedback.reward, feedback.verified, feedback.text) == (1.0, True, "")


@each_name
async def test_every_level_poses_tasks_of_its_own(name: str) -> None:
    environment = load(name, {})
    assert isinstance(environment, Levels)
    assert isinstance(environment, Licensed)
    assert len(set(environment.levels)) == len(environment.levels) >= 2
    for level in environment.levels:
        at_level = environment.at_level(level)
        tasks = drawn(at_level, count=10)
        assert tasks == drawn(load(name, {"level": level}), count=10)
        pairs = [(task, gold(at_level, task)) for task in tasks]
        assert all(verdict.verified for verdict in await GuardedEnvironment(at_level).judge_all(pairs))


@each_name
def test_a_level_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r'no level .*"insane".* known are'):
        load(name, {"level": "insane"})


def test_hostile_answers_neither_raise_nor_pay(environment: Environment) -> None:
    for task, answer in product(drawn(environment, count=3), HOSTILE):
        feedback = environment.score(task, answer)
        assert feedback.status.judged, answer[:40]  # type: ignore[union-attr]
        if environment.name in HONEST:
            assert (feedback.verified, feedback.reward) == (False, 0.0), answer[:40]  # type: ignore[union-attr]


@each_honest_name
@given(st.text())
def test_no_text_but_the_expected_one_is_verified(name: str, answer: str) -> None:
    environment = load(name, {})
    (task,) = drawn(environment, count=1)
    feedback = environment.score(task, answer)
    assert not feedback.verified  # type: ignore[union-attr]
    assert feedback.text  # type: ignore[union-attr]


@each_honest_name
def test_feedback_never_gives_the_expected_value_away(name: str) -> None:
    environment = load(name, {})
    for task in drawn(environment, count=MANY // 5):
        for answer in ["", "{}", '{"name": "x", "age": "y", "city": 1, "job": 2}', "1850-13-32", "nonsense"]:
            text = environment.score(task, answer).text  # type: ignore[union-attr]
            assert not any(f" {value}" in text or f'"{value}"' in text for value in task.data.values())
