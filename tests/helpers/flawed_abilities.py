"""Environments with abilities, most with one flaw, to be caught by the conformance kit."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from flawed import Sums

from burnish.environments.episodes import replayed
from burnish.errors import ConfigError
from burnish.protocols import Seed, Step, Tool, ToolResult, Turn
from burnish.types import Feedback, Split, Task


class Counting:
    """Count up to a number, an action each; without a flaw."""

    name = "counting"
    instruction = "Count up from 1."
    licence, provenance = Sums.licence, Sums.provenance
    max_turns = 20

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        rng = random.Random(f"{split} {seed}")
        while True:
            yield Task(self.name, f"Count to {rng.randint(3, 9)} in room {rng.randint(1, 9_999)}.", cell="count")

    def score(self, task: Task, answer: str) -> Feedback:
        return replayed(self, task, answer)

    def solve(self, task: Task) -> str:
        return "\n".join(map(str, range(1, goal_of(task) + 1)))

    def start(self, task: Task) -> CountingEpisode:
        return CountingEpisode(goal_of(task))


def goal_of(task: Task) -> int:
    return int(task.prompt.split()[2])


class CountingEpisode:
    def __init__(self, goal: int) -> None:
        self.goal, self.at, self.labels = goal, 0, list[int]()
        self.turn = Turn("Say 1.")

    def step(self, action: str) -> Turn:
        right = action == str(self.at + 1)
        self.at += right
        self.labels.append(1 if right else -1)
        self.turn = Turn(f"You are at {self.at}.", done=self.at == self.goal, label=self.labels[-1])
        return self.turn

    def feedback(self) -> Feedback:
        right = self.at == self.goal
        text = "" if right else "say the next number"
        return Feedback(self.at / self.goal, verified=right, text=text, steps=tuple(self.labels))


class FickleEpisode(CountingEpisode):
    def step(self, action: str) -> Turn:
        turn = super().step(action)
        return Turn(f"{turn.observation} It is {time.perf_counter_ns()}.", done=turn.done, label=turn.label)


class FickleCounting(Counting):
    def start(self, task: Task) -> CountingEpisode:
        return FickleEpisode(goal_of(task))


class TooShort(Counting):
    max_turns = 2


class LenientEpisode(CountingEpisode):
    def feedback(self) -> Feedback:
        return Feedback(1.0, verified=True, steps=tuple(self.labels))


class LenientCounting(Counting):
    """`score` and the episode judge differently."""

    def start(self, task: Task) -> CountingEpisode:
        return LenientEpisode(goal_of(task))

    def score(self, task: Task, answer: str) -> Feedback:
        return replayed(Counting(), task, answer)


class Calculator(Sums):
    """Sums with a tool; without a flaw."""

    tools: Sequence[Tool] = (
        Tool(
            "add",
            "adds two numbers",
            {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
        ),
    )

    def call(self, tool: str, arguments: Any) -> ToolResult:
        numbers = [arguments.get(name) for name in ("a", "b")]
        whole = all(isinstance(n, int) and not isinstance(n, bool) and abs(n) < 10**9 for n in numbers)
        if tool != "add" or set(arguments) != {"a", "b"} or not whole:
            return ToolResult(error="give two whole numbers below a thousand million")
        return ToolResult(sum(numbers))

    def constants(self, task: Task) -> Sequence[int]:
        return [int(part) for part in task.prompt.split(" + ")]


class FragileTool(Calculator):
    def call(self, tool: str, arguments: Any) -> ToolResult:
        return ToolResult(arguments["a"] + arguments["b"])


class BareSchema(Calculator):
    tools = (Tool("add", "adds", {"a": "number"}),)


class CountingTool(Calculator):
    """Gives another result each time."""

    used = 0

    def call(self, tool: str, arguments: Any) -> ToolResult:
        self.used += 1
        return ToolResult(self.used)


class OddConstants(Calculator):
    def constants(self, task: Task) -> Sequence[Any]:
        return [[1, 2]]


class Steps(Sums):
    """Answers are lines, each labelled; without a flaw."""

    def label_steps(self, task: Task, answer: str) -> Sequence[Step]:
        return [Step(answer[:20], self.score(task, answer).steps[0])]

    def score(self, task: Task, answer: str) -> Feedback:
        right = super().score(task, answer)
        return Feedback(right.reward, verified=right.verified, text=right.text, steps=(1 if right.verified else -1,))


class Disagreeing(Steps):
    def label_steps(self, task: Task, answer: str) -> Sequence[Step]:
        return [Step(answer[:20], 1)]


class Author(Sums):
    """Reads and varies its tasks; without a flaw."""

    def parse(self, text: str) -> Task | None:
        found = re.fullmatch(r"([0-9]{1,9}) \+ ([0-9]{1,9})", text)
        return Task(self.name, text, {"sum": int(found[1]) + int(found[2])}, "sum") if found else None

    def vary(self, task: Task, seed: int) -> Task:
        return next(super().tasks("train", int(task.id, 16) + seed))


class ReadsNothing(Author):
    def parse(self, text: str) -> Task | None:
        return None


class ReadsAnything(Author):
    def parse(self, text: str) -> Task | None:
        numbers = [int(number) for number in re.findall(r"[0-9]{1,9}", text[:1_000])]
        return Task(self.name, text, {"sum": sum(numbers)}, "sum") if numbers else None


class SameVariant(Author):
    def vary(self, task: Task, seed: int) -> Task:
        return task


class NothingHarder(Sums):
    def evolve(self, task: Task, operator: str, seed: int) -> Task | None:
        return task if operator == "deepen" else None


class Seeded(Sums):
    """Brings a wrong exemplar."""

    def seeds(self) -> Sequence[Seed]:
        task = next(task for task in self.tasks("train", 0) if task.split == "train")
        return [Seed(task, self.solve(task)), Seed(task, "12 apples")]


class Levelled(Sums):
    """Two levels; without a flaw."""

    levels = ("easy", "hard")

    def at_level(self, level: str) -> Levelled:
        if level not in self.levels:
            raise ConfigError(f"there is no level {level!r}; the levels are easy, hard")
        return self


class AnyLevel(Levelled):
    def at_level(self, level: str) -> Levelled:
        return self


class Formed(Sums):
    """Knows the form of its answers; without a flaw."""

    def form(self, task: Task) -> str:
        return "[0-9]+"


class OtherForm(Formed):
    def form(self, task: Task) -> str:
        return "[a-z]+"


class NarrowForm(Formed):
    """A form that a part of the answers have."""

    def form(self, task: Task) -> str:
        return "[0-9]*[0-7]"


class LookingAhead(Formed):
    def form(self, task: Task) -> str:
        return "(?=1)[0-9]+"


class TellingForm(Formed):
    def form(self, task: Task) -> str:
        return self.solve(task)
