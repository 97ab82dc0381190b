"""Which proposed programs are worth trying on train tasks, and which of those go to the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from burnish.limits import AboveZero, Positive
from burnish.policies.curriculum import Tally
from burnish.policies.yields import thompson_draws


@dataclass(frozen=True)
class Screened:
    """A proposal after its trial on train tasks: mean score in [0, 1]."""

    operator: str
    score: float


@dataclass(frozen=True)
class YieldRewriting:
    """Tries proposals by the yield of their operators, and sends the best to the gate.

    Operators are drawn by Thompson sampling: a Beta(accepted + 1, refused + 1) draw each, highest first (Thompson
    1933), never two of the same operator before every operator had one. Of equal scores the earlier is sent. Few are
    sent, and only what beats the champion, because every one makes the gate stricter for all that follow. While
    memory grows fast nothing is raced: attempts are made with the newest memory anyway, and every race spends
    significance that a clear gain a little later would need less of.
    """

    name: Literal["yield"] = "yield"
    trials: Positive = 3
    """Most proposals of an iteration that are tried on train tasks."""
    trial_tasks: Positive = 8
    """Train tasks of a trial. The champion answers the same ones."""
    challengers: Positive = 1
    """Most challengers of an iteration that are sent to the gate after their trials."""
    growing: AboveZero = 0.5
    """The share of memory that the new exemplars of an iteration make up from which on nothing is raced."""

    def settled(self, born: int, memory: int) -> bool:
        """Whether memory, now of `memory` exemplars of which `born` are new, has stopped growing fast: by a share of
        `growing` or more in one iteration.
        """
        return born < self.growing * memory or memory == 0

    def choose(self, operators: Sequence[str], yields: Mapping[str, Tally], rng: np.random.Generator) -> list[int]:
        """Indices of the proposals to try, given the operator of each and how often each operator's were accepted."""
        draws = thompson_draws(sorted(set(operators)), yields, rng)
        turn: Counter[str] = Counter()
        turns = []
        for name in operators:
            turns.append(turn[name])
            turn[name] += 1
        order = sorted(range(len(operators)), key=lambda i: (turns[i], -draws[operators[i]], i))
        return sorted(order[: self.trials])

    def send(self, screened: Sequence[Screened], champion: float) -> list[int]:
        """Indices of those to send to the gate, best first; `champion` is the champion's score on the same tasks."""
        order = sorted(range(len(screened)), key=lambda i: (-screened[i].score, i))
        return [i for i in order if screened[i].score > champion][: self.challengers]
