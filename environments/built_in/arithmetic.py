"""Arithmetic: word problems of one to four steps, answered by a plan that tools compute."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Self

from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.retelling import evolved, with_other_numbers
from burnish.environments.built_in.scenes import Scene
from burnish.environments.built_in.stories import SEEDS, Story, tell
from burnish.environments.built_in.templates import Splits
from burnish.environments.toolbox import Toolbox
from burnish.errors import ConfigError
from burnish.protocols import Seed, Tool, ToolResult
from burnish.types import Feedback, JsonValue, Split, Status, Task

LEVELS: Mapping[str, int] = MappingProxyType({"one step": 1, "two steps": 2, "three steps": 3, "four steps": 4})

ONLY_NUMBER = "the last line must come to one number"
NOT_RIGHT = "the lines must do what happens in the text, in its order, with its numbers"

_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?")


def add(a: float, b: float) -> float:
    """The sum of two numbers."""
    return a + b


def subtract(a: float, b: float) -> float:
    """The first number less the second."""
    return a - b


def multiply(a: float, b: float) -> float:
    """The product of two numbers."""
    return a * b


def divide(a: float, b: float) -> float:
    """The first number divided by the second."""
    if b == 0:
        raise ValueError("nothing can be divided by zero")
    return a / b


class Arithmetic:
    """Solve a word problem of one to four steps by a plan of tool calls.

    `level` poses problems of that many steps only; otherwise they have one to `most`. With `unseen` they have at most
    two, and those of validation and test are about scenes that train never shows; `splits` of "by template" does so for
    each split.
    """

    name = "arithmetic"
    instruction = (
        "Solve the problem step by step with the tools add(a, b), subtract(a, b), multiply(a, b) and divide(a, b). "
        "Write one call a line, such as y1 = add(2, 3). The last line gives the answer."
    )
    licence = "Apache-2.0"
    provenance = "Made by the program from sentence templates written for it."
    levels = tuple(LEVELS)
    plans_only = True

    def __init__(self, *, level: str = "", most: int = 4, unseen: bool = False, splits: str = "by task") -> None:
        self._splits = Splits(self.name, splits)
        if isinstance(most, bool) or most not in range(1, 5):
            raise ConfigError(f"arithmetic: most is {most!r}; give a number of steps from 1 to 4")
        if unseen or self._splits.by_template:
            self.levels, most = tuple(LEVELS)[:2], min(most, 2)
        self._levels = chosen_levels(self.name, level, tuple(islice(LEVELS, most)) if not level else self.levels)
        self._unseen, self.shifted = unseen, unseen or self._splits.by_template
        self._toolbox = Toolbox(add, subtract, multiply, divide)
        self.tools: Sequence[Tool] = self._toolbox.tools

    def at_level(self, level: str) -> Self:
        """Problems of one number of steps."""
        return type(self)(level=level, unseen=self._unseen, splits=self._splits.way)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; rarely, one comes twice."""
        rng = random.Random(f"arithmetic {split} {seed}")
        while True:
            level = rng.choice(self._levels)
            task = self._task(tell(rng, LEVELS[level], partial(self._scenes, split)))
            if task.split == split:
                yield task

    def _scenes(self, split: Split, scenes: Sequence[Scene]) -> Sequence[Scene]:
        """Those that a split is about."""
        if self._unseen:
            return [scene for scene in scenes if scene.held_out is (split != "train")]
        return self._splits.of(scenes, split, lambda scene: scene.text)

    def score(self, task: Task, answer: str) -> Feedback:
        """1 for the number the problem leads to, 0 for everything else."""
        text = answer.strip()
        if not _NUMBER.fullmatch(text):
            return Feedback(0.0, verified=False, text=ONLY_NUMBER, status=Status.UNPARSABLE)
        right = float(text) == task.data["answer"]
        return Feedback(float(right), verified=right, text="" if right else NOT_RIGHT)

    def solve(self, task: Task) -> str:
        """The plan that the problem was made from."""
        return str(task.data["plan"])

    def call(self, tool: str, arguments: Mapping[str, JsonValue]) -> ToolResult:
        """Compute."""
        return self._toolbox.call(tool, arguments)

    def constants(self, task: Task) -> list[JsonValue]:
        """The numbers of the text, in its order, each once."""
        return list(dict.fromkeys(int(number) for number in re.findall(r"[0-9]+", task.prompt)))

    def vary(self, task: Task, seed: int) -> Task:
        """The same story with other numbers; itself, where no others keep every result whole."""
        story = _story(task)
        return self._task(with_other_numbers(random.Random(f"arithmetic vary {task.id} {seed}"), story) or story)

    def evolve(self, task: Task, operator: str, seed: int) -> Task | None:
        """The story made harder, see `burnish.environments.built_in.retelling.evolved`."""
        story = evolved(random.Random(f"arithmetic {operator} {task.id} {seed}"), _story(task), operator)
        return None if story is None else self._task(story)

    def seeds(self) -> list[Seed]:
        """Four problems with their plans, written by hand."""
        return [Seed(self._task(story), story.plan) for story in SEEDS]

    def _task(self, story: Story) -> Task:
        """A task whose cell is the kind of its plan: the tools in their order."""
        cell = " ".join(re.findall(r"= (\w+)", story.plan))
        return Task(self.name, story.text, data={"answer": story.answer, "plan": story.plan}, cell=cell)


def _story(task: Task) -> Story:
    return Story(task.prompt, str(task.data["plan"]), int(str(task.data["answer"])))
