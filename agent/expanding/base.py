"""What an expander is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from burnish.agent.models.client import ChatRequest
from burnish.policies.curriculum import Tally
from burnish.records import Completion
from burnish.types import Exemplar, Task

Ask = Callable[[ChatRequest, str], Awaitable[Completion]]
"""One answer of the model that writes tasks; the text names the call within the iteration."""


@dataclass(frozen=True)
class Draft:
    """A text that may become a task. Where it was written for an `answer`, that has to be right."""

    text: str
    operator: str
    author: str
    parent: Task | None = None
    answer: str = ""
    answerer: str = ""


@dataclass(frozen=True)
class Growth:
    """All an expander may look at.

    `tasks` are the train tasks in hand, `failed` those of the run's own making that may be tried again, `count` is how
    many drafts are wanted, `yields` how many drafts of each operator became tasks.
    """

    tasks: Sequence[Task]
    exemplars: Sequence[Exemplar]
    count: int
    yields: Mapping[str, Tally]
    rng: np.random.Generator
    ask: Ask


class Expander(Protocol):
    """Writes drafts of tasks. Raises nothing for what the model says; what it cannot make it does not draft."""

    name: str
    origin: str
    """That of the tasks: "evolved" or "augmented"."""

    async def drafts(self, growth: Growth) -> list[Draft]: ...
