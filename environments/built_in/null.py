"""Null: verdicts drawn at random, so that nothing can be learned. A run on it must say "no improvement"."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Self

from burnish.environments.built_in.levels import chosen_levels
from burnish.errors import ConfigError
from burnish.types import Feedback, Split, Task, content_hash

WRONG = "the answer must be right"

ASKS = ("Name", "Describe", "Count", "Choose", "Compare", "Draw", "Explain", "Spell", "Sort", "Translate")
KINDS = ("old", "new", "red", "quiet", "heavy", "broken", "borrowed", "hidden", "northern", "paper", "wet", "late")
THINGS = ("bridge", "clock", "river", "letter", "engine", "garden", "song", "ladder", "map", "stone", "window", "bell")

LEVELS: Mapping[str, float] = MappingProxyType({"often": 0.5, "sometimes": 0.3, "seldom": 0.1})
"""Rates by level."""

GUESSES = 1000
"""Answers that are tried in search of a right one."""


class Null:
    """Short requests with verdicts drawn at random: nothing can be learned here.

    An answer is right with probability `rate`, by a hash of task and answer: asked again, it is judged the same. A
    level is a rate, and goes before `rate`.
    """

    name = "null"
    instruction = "Answer the request."
    licence = "Apache-2.0"
    provenance = "Made by Burnish from random words; the verdicts are random too."
    levels = tuple(LEVELS)

    def __init__(self, *, rate: float = 0.3, level: str = "") -> None:
        if not 0.0 <= rate <= 1.0:
            raise ConfigError(f"null: rate is {rate!r}; give a number from 0 to 1")
        (chosen, *_) = chosen_levels(self.name, level, self.levels)
        self._rate = LEVELS[chosen] if level else rate

    def at_level(self, level: str) -> Self:
        """The same environment at the rate of a level."""
        return type(self)(level=level)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end."""
        rng = random.Random(f"null {split} {seed}")
        while True:
            ask = rng.choice(ASKS)
            prompt = f"{ask} {rng.choice(KINDS)} {rng.choice(THINGS)} number {rng.randint(1, 999)}."
            task = Task(environment=self.name, prompt=prompt, cell=ask)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """A verdict that depends on nothing but chance."""
        right = int(content_hash(self.name, task.id, answer), 16) < self._rate * 2**64
        return Feedback(reward=float(right), verified=right, text="" if right else WRONG)

    def solve(self, task: Task) -> str | None:
        """The first number that chance made right; None where none of `GUESSES` is."""
        return next((str(n) for n in range(GUESSES) if self.score(task, str(n)).verified), None)
