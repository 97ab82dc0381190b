"""What an operator is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from burnish.agent.models.client import ChatRequest
from burnish.policies.curriculum import Tally
from burnish.policies.pareto import Cells
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
class Failure:
    """An attempt that was not verified, with what the environment said and its reward; `variant` is that of the program
    that made it, and `revision` that of the memory it was shown.
    """

    task: Task
    answer: str
    feedback: str
    variant: str = ""
    reward: float = 0.0
    revision: int = 0


@dataclass(frozen=True)
class Proposal:
    """A challenger, and in words what it changes. An `urgent` one goes to the gate without a trial; `score` is its mean
    on train tasks where the operator tried it. One that is `made_for` some failures is tried on their tasks first.
    """

    operator: str
    program: Program
    description: str
    urgent: bool = False
    score: float | None = None
    made_for: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Rival:
    """A program that answered some of the tasks that the champion answered, and how it did, by cell."""

    program: Program
    cells: Cells


@dataclass(frozen=True)
class ProposalContext:
    """All an operator may look at.

    `base` is what to change: the champion with memory as it stands now, or a proposal in trial that is probably better.
    `known_before` counts the exemplars of the champion, or of the last memory that was raced if that had more.
    `settled` says that memory no longer grows fast, or that no later iteration can race it. `usefulness` and `vectors`,
    shape (n, d), are of exemplars by id; `ask` is None unless the reflector passed its probe; `note` keeps an event of
    some kind with the iteration, such as why something was not proposed. `takes_grammars` says whether the server can
    hold answers to a form. `proposed` are the variants not to propose again, `refused` the programs among them
    that did no better, the newest last, and `rungs` how often each way of a search was tried and solved. `cells` is how
    the champion did, by cell, and `rivals` are the programs made from it that were tried beside it. `train` is None
    unless the iteration is to train an adapter.
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
    cells: Cells = field(default_factory=dict)
    rivals: Sequence[Rival] = ()
    ask: AskReflector | None = None
    train: Train | None = None


class Operator(Protocol):
    """Makes challengers from the context. Raises nothing; what it cannot make it does not propose.

    One that is `informed` looks at what failed or did better, where others guess: it is asked before them.
    """

    name: str
    informed: bool

    async def propose(self, context: ProposalContext) -> list[Proposal]: ...


FEW_FAILURES = 3
"""Failures of a program itself below which those of all are looked at."""


def spread(context: ProposalContext, most: int, of: Program) -> list[Failure]:
    """Some failures of a program at random, of all programs where it has few; of each cell as many as of others as far
    as there are.
    """
    own = [failure for failure in context.failures if failure.variant == of.variant]
    failures = own if len(own) >= FEW_FAILURES else context.failures
    by_cell: dict[str, list[int]] = {}
    for place in context.rng.permutation(len(failures)).tolist():
        by_cell.setdefault(failures[place].task.cell, []).append(place)
    in_turn = [place for places in zip_longest(*by_cell.values()) for place in places if place is not None]
    return [failures[i] for i in sorted(in_turn[:most])]
