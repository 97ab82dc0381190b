"""What an environment is: it poses tasks and judges answers. Nothing else is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Iterable
from typing import Protocol, runtime_checkable

from burnish.types import Feedback, Split, Task


@runtime_checkable
class Environment(Protocol):
    """Poses tasks and judges answers.

    Both methods may be plain or async. The class is called with the options of the configuration as
    keyword arguments.
    """

    name: str
    instruction: str
    """The plain seed prompt: what a person would write first. Never contains an expected answer."""

    def tasks(self, split: Split, seed: int) -> Iterable[Task] | AsyncIterable[Task]:
        """Tasks of one split, lazily; the same arguments give the same sequence in every process.

        A task whose `Task.split` is another one is passed over by the caller, so an environment that
        cannot choose by split may simply yield all it has.
        """
        ...

    def score(self, task: Task, answer: str) -> Feedback | Awaitable[Feedback]:
        """Judge one answer: pure, never raising on any string; the expected answer scores 1."""
        ...
