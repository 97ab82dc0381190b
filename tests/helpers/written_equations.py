"""Equations that only a model can evolve."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.environments.built_in.equations import Equations
from burnish.types import Feedback, Split, Task


class WrittenEquations:
    """The environment `equations` without a specification of its tasks."""

    name = Equations.name
    instruction = Equations.instruction
    licence = "Apache-2.0"

    def __init__(self) -> None:
        self._equations = Equations(level="one step")

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """See `Equations`."""
        return self._equations.tasks(split, seed)

    def score(self, task: Task, answer: str) -> Feedback:
        """See `Equations`."""
        return self._equations.score(task, answer)

    def parse(self, text: str) -> Task | None:
        """See `Equations`."""
        return self._equations.parse(text)

    def solve(self, task: Task) -> str | None:
        """See `Equations`."""
        return self._equations.solve(task)

    def vary(self, task: Task, seed: int) -> Task:
        """See `Equations`."""
        return self._equations.vary(task, seed)
