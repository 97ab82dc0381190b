"""An environment to learn in: every thing has a code that only the scripted model knows."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

from burnish.types import Feedback, Split, Task

NOT_THE_CODE = "the answer must be the code"
COLOURS = ("red", "blue", "green", "grey", "white", "black", "brown", "pink")
THINGS = ("bridge", "clock", "river", "letter", "engine", "garden", "ladder", "window")


def code_of(prompt: str) -> str:
    """The right answer: twelve hex digits that stand nowhere in the prompt."""
    return hashlib.sha256(f"code of {prompt}".encode()).hexdigest()[:12]


def split_of(prompt: str) -> str:
    """The split of the task that asks this."""
    return Task("codes", prompt).split


class Codes:
    """Give the code of a thing."""

    name = "codes"
    instruction = "Give the code of the thing."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end."""
        rng = random.Random(f"codes {split} {seed}")
        while True:
            thing = rng.choice(THINGS)
            prompt = f"What is the code of the {rng.choice(COLOURS)} {thing} in room {rng.randint(1000, 9999)}?"
            task = Task(environment=self.name, prompt=prompt, data={"code": code_of(prompt)}, cell=thing)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """Verified when the answer is the code."""
        right = answer == task.data["code"]
        return Feedback(reward=float(right), verified=right, text="" if right else NOT_THE_CODE)
