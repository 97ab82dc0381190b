"""Equations: linear and rational equations in x, solved step by step, each step judged by sympy."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Self

from burnish.environments.built_in.algebra import (
    Equation,
    NotAnEquation,
    complexity,
    read_equation,
    value_of,
)
from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.posing import POSERS, evolved, varied
from burnish.environments.built_in.solutions import Solutions, solutions, worked
from burnish.protocols import Step
from burnish.types import Feedback, JsonValue, Split, Status, Task

ASK = "Solve for x: "

ONLY_EQUATIONS = "write one equation in x a line, with numbers, + - * / and brackets, and nothing else"
SAME_SOLUTION = "every line must have the same solution as the line before: do the same to both sides"
LAST_LINE = "the last line must be x = a whole number, or a fraction p/q in lowest terms"
TOO_LONG = "write at most 40 lines"

NO_EQUATION, WRONG, NO_PROGRESS = "no equation", "other solutions than the line before", "no simpler than before"

LONGEST_ANSWER = 6000
MOST_LINES = 40


class Equations:
    """Solve a linear or rational equation in x, one equation a line, the last of the form `x = number`.

    A step is right when it has the solutions of the line before (complex ones too, and none where a denominator
    is zero), and progress when it is simpler than every line before by
    `burnish.environments.built_in.algebra.complexity`. sympy does the polynomial arithmetic on what the grammar of
    that module has read; no text of an answer is evaluated.
    """

    name = "equations"
    instruction = (
        "Solve the equation. Write one equation a line, each simpler than the one before; the last is x = value."
    )
    licence = "Apache-2.0"
    provenance = "Made by Burnish from random numbers in a dozen forms of its own."
    levels = tuple(POSERS)

    def __init__(self, *, level: str = "") -> None:
        self._levels = chosen_levels(self.name, level, self.levels)

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(level=level)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; the easiest ones come again after some thousands."""
        rng = random.Random(f"equations {split} {seed}")
        while True:
            level = rng.choice(self._levels)
            posed = POSERS[level](rng)
            task = self._task(posed.text, posed.solution, level)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """1 when every line is right and the last one is the solution.

        Otherwise half of what is there: the solution although a line is wrong, or the share of the worked answer's
        steps that were made before the first wrong line.
        """
        lines = _lines(answer)
        steps = self.label_steps(task, answer)
        labels = tuple(step.label for step in steps)
        sound = len(lines) == len(steps) and -1 not in labels
        solved = bool(lines) and _value(lines[-1]) == Fraction(str(task.data["solution"]))
        parts = {"solved": float(solved), "sound": float(sound and bool(lines))}
        if sound and solved:
            return Feedback(1.0, verified=True, parts=parts, steps=labels)
        readable = any(_read(line) for line in lines)
        made = min(1.0, labels.count(1) / len(worked(read_equation(str(task.data["equation"])))))
        return Feedback(
            reward=0.5 * max(float(solved), made),
            verified=False,
            text="\n".join(_problems(lines, steps, answer, solved=solved)),
            parts=parts,
            steps=labels,
            status=Status.OK if readable else Status.UNPARSABLE,
        )

    def label_steps(self, task: Task, answer: str) -> list[Step]:
        """The lines in order, to the first that is wrong or no equation: -1; progress is 1, what is right but no
        progress 0.
        """
        given = read_equation(str(task.data["equation"]))
        expected, least = solutions(given), complexity(given)
        steps: list[Step] = []
        for line in _lines(answer):
            equation = _read(line)
            if equation is None or not _solved_by(equation, expected):
                steps.append(Step(line, -1, NO_EQUATION if equation is None else WRONG))
                break
            progress = complexity(equation) < least
            least = min(least, complexity(equation))
            steps.append(Step(line, int(progress), "" if progress else NO_PROGRESS))
        return steps

    def solve(self, task: Task) -> str:
        """The worked answer: every line is progress."""
        return "\n".join(worked(read_equation(str(task.data["equation"]))))

    def parse(self, text: str) -> Task | None:
        """The task of solving the equation that a text is, with or without the words before it.

        None unless it has one solution that is a rational number of few digits, and is not solved already.
        """
        equation = _read(text.strip().removeprefix(ASK.strip()).strip())
        if equation is None:
            return None
        solution = _single(equation)
        if solution is None or max(abs(solution.numerator), solution.denominator) >= 10_000:
            return None
        if value_of(equation) is not None:
            return None
        return self._task(equation.text, solution, level_of(equation))

    def vary(self, task: Task, seed: int) -> Task:
        """The same equation with other numbers; where hardly any give a short solution, another of its level."""
        rng = random.Random(f"equations vary {task.id} {seed}")
        text, level = str(task.data["equation"]), str(task.data["level"])
        for _ in range(50):
            candidate = self.parse(varied(rng, text))
            if candidate is None or candidate.data["level"] != level or candidate.id == task.id:
                continue
            if Fraction(str(candidate.data["solution"])).denominator < 10:
                return candidate
        posed = POSERS[level](rng)
        return self._task(posed.text, posed.solution, level)

    def evolve(self, task: Task, operator: str, seed: int) -> Task | None:
        """The equation made longer, see `burnish.environments.built_in.posing.evolved`; None where that is no task."""
        rng = random.Random(f"equations {operator} {task.id} {seed}")
        if operator == "widen":
            return self.vary(task, seed)
        return self.parse(evolved(rng, str(task.data["equation"]), operator))

    def _task(self, text: str, solution: Fraction, level: str) -> Task:
        data: dict[str, JsonValue] = {"equation": text, "solution": str(solution), "level": level}
        return Task(self.name, f"{ASK}{text}", data=data, cell=level)


def level_of(equation: Equation) -> str:
    """The level that an equation belongs to by its form."""
    below, _, occurrences, _, numbers, *_ = complexity(equation)
    if below:
        return "rational"
    if occurrences > 1:
        return "both sides"
    return "two steps" if numbers > 2 else "one step"


def _lines(answer: str) -> list[str]:
    """The lines that are not blank; none of an answer that is too long."""
    if len(answer) > LONGEST_ANSWER:
        return []
    lines = [line.strip() for line in answer.split("\n") if line.strip()]
    return lines if len(lines) <= MOST_LINES else []


def _read(line: str) -> Equation | None:
    try:
        return read_equation(line)
    except NotAnEquation:
        return None


def _solved_by(equation: Equation, expected: Solutions) -> bool:
    try:
        return solutions(equation) == expected
    except NotAnEquation:
        return False


def _single(equation: Equation) -> Fraction | None:
    try:
        return solutions(equation).single
    except NotAnEquation:
        return None


def _value(line: str) -> Fraction | None:
    equation = _read(line)
    return None if equation is None else value_of(equation)


def _problems(lines: Sequence[str], steps: Sequence[Step], answer: str, *, solved: bool) -> Iterator[str]:
    if not lines:
        yield TOO_LONG if answer.strip() else ONLY_EQUATIONS
    if any(_read(line) is None for line in lines):
        yield ONLY_EQUATIONS
    if any(step.reason == WRONG for step in steps):
        yield SAME_SOLUTION
    if not solved:
        yield LAST_LINE
