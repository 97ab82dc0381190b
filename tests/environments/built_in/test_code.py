"""Code: problems, their tests, and answers that would rather be believed than be right."""

from __future__ import annotations

import ast
import random
from collections import Counter
from itertools import islice

import pytest
from strength import FULL

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.built_in.code import (
    ENDS,
    LEVELS,
    NOT_RUN,
    PROBLEMS,
    SHOWN,
    Code,
)
from burnish.environments.programs import DEFINE, FAILS_TESTS, IN_TIME, PLAIN, RAISES
from burnish.environments.sandbox.inside.values import load
from burnish.errors import ConfigError
from burnish.types import SPLITS, Status, Task

ENVIRONMENT = Code()


def task_of(problem: str) -> Task:
    return next(t for t in ENVIRONMENT.tasks("train", 0) if t.data["function"] == problem)


def test_there_are_a_few_dozen_problems_on_three_levels_and_none_twice() -> None:
    names = [problem.name for problems in PROBLEMS.values() for problem in problems]
    assert len(set(names)) == len(names) >= 36
    assert min(len(problems) for problems in PROBLEMS.values()) >= 12


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_poses_all_its_problems_and_no_other(level: str) -> None:
    tasks = list(islice(ENVIRONMENT.at_level(level).tasks("train", 3), 300))
    assert {str(task.data["function"]) for task in tasks} == {problem.name for problem in PROBLEMS[level]}
    assert {task.cell.rpartition("/")[2] for task in tasks} == {level}
    with pytest.raises(ConfigError, match='no level is called "eas"; did you mean "easy"'):
        Code(level="eas")


@pytest.mark.thorough
async def test_every_reference_solution_passes_all_tests_of_its_problem() -> None:
    tasks: dict[tuple[object, int], Task] = {}
    for task in islice(ENVIRONMENT.tasks("validation", 1), 600):
        tasks.setdefault((task.data["function"], len([t for t in tasks if t[0] == task.data["function"]]) % 2), task)
    assert len({name for name, _ in tasks}) == sum(map(len, PROBLEMS.values()))
    verdicts = await GuardedEnvironment(ENVIRONMENT).judge_all([(t, ENVIRONMENT.solve(t)) for t in tasks.values()])
    assert all(verdict.verified and verdict.reward == 1.0 and not verdict.text for verdict in verdicts)


def test_a_problem_with_the_same_constants_is_one_task_so_that_it_is_in_one_split() -> None:
    seen: dict[str, str] = {}
    for split in SPLITS:
        for task in islice(ENVIRONMENT.tasks(split, 5), 300 if FULL else 60):
            solution = str(task.data["solution"])
            assert seen.setdefault(solution, task.prompt) == task.prompt


def test_what_is_shown_is_true_and_what_is_hidden_is_not_shown() -> None:
    for task in islice(ENVIRONMENT.tasks("train", 2), 120):
        tests = load(str(task.data["tests"]))
        shown = [line for line in task.prompt.split("\n") if line.strip().startswith(">>> ")]
        assert len(shown) == SHOWN < len(tests)
        for line, (arguments, right) in zip(shown, tests[:SHOWN], strict=True):
            call = ast.parse(line.strip()[4:], mode="eval").body
            assert isinstance(call, ast.Call)
            assert [ast.literal_eval(argument) for argument in call.args] == list(arguments)
            assert repr(right) in task.prompt


@pytest.mark.thorough
def test_no_constant_passes_more_than_half_of_the_tests() -> None:
    for task in islice(ENVIRONMENT.tasks("test", 0), 200):
        tests = load(str(task.data["tests"]))
        assert max(Counter(repr(right) for _, right in tests).values()) <= len(tests) / 2


def test_the_share_of_tests_passed_is_the_reward() -> None:
    task = task_of("clipped")
    tests = load(str(task.data["tests"]))
    arguments, right = tests[0]
    feedback = ENVIRONMENT.score(task, f"def clipped(n):\n    return {right!r} if n == {arguments[0]!r} else None")
    assert feedback.reward == pytest.approx(1 / len(tests))
    assert feedback.parts["shown"] == pytest.approx(1 / SHOWN)
    assert (feedback.verified, feedback.text) == (False, FAILS_TESTS)


def test_the_function_may_stand_alone_or_in_a_code_block_with_words_around_it() -> None:
    task = task_of("scaled")
    program = str(task.data["solution"])
    for answer in (
        program,
        f"```python\n{program}\n```",
        f"```\n{program}\n```",
        f"First:\n\n```py\n{program}\n```\nDone.",
    ):
        assert ENVIRONMENT.score(task, answer).verified


@pytest.mark.parametrize("answer", ["", "scaled", "def scale(numbers): return numbers", "```python\n```", "x" * 50_000])
def test_what_defines_no_such_function_cannot_be_read(answer: str) -> None:
    feedback = ENVIRONMENT.score(task_of("scaled"), answer)
    assert (feedback.status, feedback.reward, feedback.text) == (Status.UNPARSABLE, 0.0, DEFINE)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("raise ValueError('passed')", [RAISES]),
        ("return object()", [PLAIN]),
        ("import os; os._exit(0)", [ENDS, NOT_RUN]),
        ("return type('A', (list,), {'__eq__': lambda s, o: True})()", [FAILS_TESTS]),
        ("while True: pass", [IN_TIME, NOT_RUN]),
    ],
)
def test_what_a_function_does_wrong_is_told_without_its_words(body: str, lines: list[str]) -> None:
    environment = Code(timeout=1.0)
    feedback = environment.score(task_of("turned_rows"), f"def turned_rows(rows):\n    {body}")
    assert not feedback.verified
    assert feedback.reward < 0.2
    assert feedback.text.split("\n") == lines


def test_draws_of_arguments_are_equal_for_equal_seeds() -> None:
    for problems in PROBLEMS.values():
        for problem in problems:
            assert problem.arguments(random.Random("x")) == problem.arguments(random.Random("x"))


@pytest.mark.parametrize("timeout", [0, -1, True, "5"])
def test_a_timeout_that_is_none_is_refused(timeout: object) -> None:
    with pytest.raises(ConfigError, match="code: timeout is"):
        Code(timeout=timeout)  # type: ignore[arg-type]
