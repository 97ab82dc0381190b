"""What an expander is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from burnish.agent.models.client import ChatRequest
from burnish.errors import ModelRejected
from burnish.policies.curriculum import Tally
from burnish.records import Completion
from burnish.types import Exemplar, Message, Task

MAX_TOKENS, TOP_P = 256, 0.95

Ask = Callable[[ChatRequest, str], Awaitable[Completion]]
"""One answer of the model that writes tasks; the text names the call within the iteration."""


Evolve = Callable[[Task, str, int], Awaitable[Task | None]]
"""A task, an operator and a seed to the task after the operator, None where it does not fit."""


@dataclass(frozen=True)
class Draft:
    """A text that may become a task. Where it was written for an `answer`, that has to be right."""

    text: str
    operator: str
    author: str
    parent: Task | None = None
    answer: str = ""
    answerer: str = ""
    harder: bool = True
    """Whether it is to be harder than its parent, or only another of its kind."""
    task: Task | None = None
    """The task itself, where the environment made it by its specification and no text has to be read."""


@dataclass(frozen=True)
class Growth:
    """All an expander may look at.

    `tasks` are those that may be rewritten: the train tasks in hand and the evolved ones that were kept, `count` is how
    many drafts are wanted, `yields` how many drafts of each operator became tasks that were kept.
    """

    tasks: Sequence[Task]
    exemplars: Sequence[Exemplar]
    count: int
    yields: Mapping[str, Tally]
    rng: np.random.Generator
    ask: Ask
    evolve: Evolve | None = None
    """Makes a task harder by its specification; None where the environment cannot."""


async def written(growth: Growth, messages: Sequence[Message], item: str, *, temperature: float) -> Completion | None:
    """What the model writes, sampled by the growth's random numbers; None where its server rejects what is asked."""
    request = ChatRequest(
        tuple(messages),
        max_tokens=MAX_TOKENS,
        temperature=temperature,
        top_p=TOP_P,
        seed=int(growth.rng.integers(2**31 - 1)),
    )
    try:
        return await growth.ask(request, item)
    except ModelRejected:
        return None


class Expander(Protocol):
    """Writes drafts of tasks. Raises nothing for what the model says; what it cannot make it does not draft."""

    name: str
    origin: str
    """That of the tasks: "evolved" or "augmented"."""

    async def drafts(self, growth: Growth) -> list[Draft]: ...
