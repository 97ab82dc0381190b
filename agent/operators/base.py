"""What an operator is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burnish.agent.models.client import ChatRequest
from burnish.policies.curriculum import Tally
from burnish.programs import Program
from burnish.records import Completion
from burnish.types import Exemplar, JsonValue, Task

Score = Callable[[Sequence[Program], int], Awaitable[list[list[float]]]]
"""For each program its scores on so many train tasks that were not drawn before in the iteration, the same for all; no
scores where there are no more tasks. Raises BudgetExhausted."""

AskReflector = Callable[[ChatRequest], Awaitable[Completion]]

Train = Callable[[], Awaitable[str]]
"""Trains an adapter on what the run verified so far and has it served; its name, empty where there is too little."""


@dataclass(frozen=True)
class Proposal:
    """A challenger, and in words what it changes. An `urgent` one goes to the gate without a trial; `score` is its mean
    on train tasks where the operator tried it.
    """

    operator: str
    program: Program
    description: str
    urgent: bool = False
    score: float | None = None


@dataclass(frozen=True)
class Failure:
    """An attempt that was not verified, with what the environment said."""

    task: Task
    answer: str
    feedback: str


@dataclass(frozen=True)
class ProposalContext:
    """All an operator may look at.

    `base` is the champion with memory as it stands now. `known_before` counts the exemplars of the champion, or of the
    last memory that was raced if that had more. `settled` says that memory no longer grows fast, or that no later
    iteration can race it. `usefulness` and `vectors`, shape (n, d), are of exemplars by id; `ask` is None unless the
    reflector passed its probe; `note` keeps an event of some kind with the iteration, such as why something was not
    proposed. `takes_grammars` says whether the server can hold answers to a form. `proposed` are the variants that were
    in trial before, `refused` the programs among them that did no better, the newest last, and `rungs` how often each
    way of a search was tried and solved. `train` is None unless the iteration is to train an adapter.
    """

    champion: Program
    base: Program
    failures: Sequence[Failure]
    exemplars: Sequence[Exemplar]
    known_before: int
    settled: bool
    usefulness: Mapping[str, float]
    rng: np.random.Generator
    note: Callable[[str, JsonValue], None]
    score: Score
    vectors: Callable[[Sequence[str]], NDArray[np.float32]]
    takes_grammars: bool = False
    proposed: Collection[str] = ()
    refused: Sequence[Program] = ()
    rungs: Mapping[str, Tally] = field(default_factory=dict)
    ask: AskReflector | None = None
    train: Train | None = None


class Operator(Protocol):
    """Makes challengers from the context. Raises nothing; what it cannot make it does not propose."""

    name: str

    async def propose(self, context: ProposalContext) -> list[Proposal]: ...
