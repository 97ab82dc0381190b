"""Code: a Python function to write, judged in a sandbox by tests of which a few are shown."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Self

from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.problems.easy import EASY
from burnish.environments.built_in.problems.hard import HARD
from burnish.environments.built_in.problems.medium import MEDIUM
from burnish.environments.built_in.problems.problem import Problem
from burnish.environments.built_in.templates import Splits
from burnish.environments.programs import (
    DEFINE,
    FAILS_TESTS,
    IN_MEMORY,
    IN_TIME,
    MEMORY,
    PLAIN,
    RAISES,
    defines,
    fenced,
    program_of,
)
from burnish.environments.sandbox.choose import choose_sandbox
from burnish.environments.sandbox.equality import Equality
from burnish.environments.sandbox.functions import Called, call_function
from burnish.environments.sandbox.inside.values import dump, load
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, Split, Status, Task

PROBLEMS: Mapping[str, tuple[Problem, ...]] = {"easy": EASY, "medium": MEDIUM, "hard": HARD}

LEVELS = tuple(PROBLEMS)

SHOWN, HIDDEN = 3, 9
"""Tests of a task, those of the problem's own edges aside."""

ENDS = "the function must not end the process that it runs in"
NOT_RUN = "tests that come after one that the process did not survive count as failed"

LINES = {
    "raised": RAISES,
    "killed": ENDS,
    "not run": NOT_RUN,
    "not plain": PLAIN,
    "timeout": IN_TIME,
    "memory": IN_MEMORY,
    "returned": FAILS_TESTS,
}


class Code:
    """Write a Python function that passes its tests, of which three are shown and ten or so are hidden.

    41 problems on three levels, each with constants that vary without ever meeting in two splits. The reward is the
    share of tests that the function passes in the sandbox. `timeout` is in seconds for all of them; `unsafe` runs
    answers even where no sandbox holds, with your rights over your files and network.
    """

    name = "code"
    instruction = "Write the Python function. Answer with the whole function in one code block."
    licence = "Apache-2.0"
    provenance = "Made by Burnish from problems and reference solutions of its own; no text of anyone else is in it."
    levels = LEVELS

    def __init__(self, *, level: str = "", timeout: float = 5.0, unsafe: bool = False, splits: str = "by task") -> None:
        self._splits = Splits(self.name, splits)
        self.shifted = self._splits.by_template
        if type(timeout) not in {int, float} or not 0 < timeout <= 3600:
            raise ConfigError(f"code: timeout is {timeout!r}; give seconds, up to 3600")
        self._levels = chosen_levels(self.name, level, LEVELS)
        self._timeout = float(timeout)
        self._unsafe = unsafe
        choice = choose_sandbox(unsafe=unsafe)
        self._sandbox, self.sandbox = choice.sandbox, str(choice)

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(level=level, timeout=self._timeout, unsafe=self._unsafe, splits=self._splits.way)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; some come twice, as there are some 600 for each problem."""
        rng = random.Random(f"code {split} {seed}")
        while True:
            level = rng.choice(self._levels)
            problem = rng.choice(self._splits.of(PROBLEMS[level], split, lambda problem: problem.name))
            constants = {name: rng.randint(*limits) for name, limits in problem.constants.items()}
            task = _posed(self.name, level, problem, tuple(constants.items()))
            if task is not None and task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """The share of tests passed; verified when all are. What is right never enters the sandbox."""
        function, program = str(task.data["function"]), program_of(answer)
        if not defines(program, function):
            return Feedback(0.0, verified=False, text=DEFINE, status=Status.UNPARSABLE)
        tests = load(str(task.data["tests"]))
        called = call_function(
            self._sandbox,
            program,
            function,
            [arguments for arguments, _ in tests],
            timeout=self._timeout,
            memory=MEMORY,
        )
        problems = [_problem(call, right) for call, (_, right) in zip(called, tests, strict=True)]
        passed = problems.count("")
        shown = problems[:SHOWN]
        return Feedback(
            passed / len(problems),
            verified=passed == len(problems),
            text="\n".join(dict.fromkeys(filter(None, problems))),
            parts={"shown": shown.count("") / len(shown), "all": passed / len(problems)},
        )

    def solve(self, task: Task) -> str:
        """The reference solution."""
        return fenced(str(task.data["solution"]))


def _problem(called: Called, right: object) -> str:
    """What is wrong with one call; empty when nothing."""
    if called.kind == "returned" and Equality().same(called.value, right):
        return ""
    return LINES.get(called.kind, RAISES)


@lru_cache(maxsize=4096)
def _posed(environment: str, level: str, problem: Problem, constants: tuple[tuple[str, int], ...]) -> Task | None:
    """The one task of a problem with these constants: other examples would make near-copies across splits.

    None where one value is right for more than half of the tests, so that a function might return just that.
    """
    solution = problem.solution(dict(constants))
    tests = _tests(problem, solution, random.Random(f"code {problem.name} {constants}"))
    if max(Counter(repr(right) for _, right in tests).values()) > len(tests) / 2:
        return None
    shown = "\n".join(f">>> {problem.name}({', '.join(map(repr, a))})\n{right!r}" for a, right in tests[:SHOWN])
    text = f"{problem.described(dict(constants))}\n\n{shown}".replace("\n", "\n    ").replace("\n    \n", "\n\n")
    data: dict[str, JsonValue] = {
        "function": problem.name,
        "tests": dump([[list(arguments), right] for arguments, right in tests]),
        "solution": solution,
    }
    prompt = f'def {problem.name}{problem.signature}:\n    """{text}\n    """'
    return Task(environment, prompt, data=data, cell=f"{problem.name}/{level}")


def _tests(problem: Problem, solution: str, rng: random.Random) -> list[tuple[tuple[Any, ...], Any]]:
    """Arguments with what is right for them, the shown ones first; no two are the same."""
    drawn: dict[str, tuple[Any, ...]] = {}
    for _ in range(200):
        arguments = problem.arguments(rng)
        drawn.setdefault(repr(arguments), arguments)
        if len(drawn) == SHOWN + HIDDEN:
            break
    for edge in problem.edges:
        drawn.setdefault(repr(edge), edge)
    defined: dict[str, Any] = {}
    exec(solution, defined)  # noqa: S102 - text of our own
    return [(arguments, defined[problem.name](*load(dump(list(arguments))))) for arguments in drawn.values()]
