"""How good the actions are of a game whose transitions are known: value iteration (Bellman 1957)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Outcome: TypeAlias = "tuple[float, int, float, bool]"
"""Probability, next state, reward, end."""

Table: TypeAlias = "Mapping[int, Mapping[int, Sequence[Outcome]]]"
"""What each action may lead to, by state."""

DISCOUNT = 0.97
"""What a step costs: a state `d` certain steps from success is worth 0.97 ** d."""

NEAR = 1e-9


class Plan:
    """The values of states and actions; `won(reward, end)` says which transitions are a success."""

    def __init__(self, table: Table, won: Callable[[float, bool], bool]) -> None:
        self._table = table
        self._won = won
        self._values = dict.fromkeys(table, 0.0)
        change = 1.0
        while change > NEAR:
            change = 0.0
            for state, actions in table.items():
                best = max(self._worth(outcomes) for outcomes in actions.values())
                change = max(change, abs(best - self._values[state]))
                self._values[state] = best

    def value(self, state: int) -> float:
        """The discounted chance of success of best play, after which 0 means none."""
        return self._values[state]

    def best(self, state: int) -> int:
        """The first of the best actions."""
        worth = {action: self._worth(outcomes) for action, outcomes in self._table[state].items()}
        top = max(worth.values())
        return next(action for action, value in worth.items() if value >= top - NEAR)

    def label(self, state: int, action: int) -> int:
        """+1 for an action as good as the best, 0 for one that is no worse than waiting, else -1."""
        worth, best = self._worth(self._table[state][action]), self._values[state]
        if best <= NEAR or worth < DISCOUNT * best - NEAR:
            return -1
        return 1 if worth >= best - NEAR else 0

    def progress(self, start: int, state: int) -> float:
        """How much of the way from `start` is done in `state`, 0 to 1."""
        if self._values[state] <= NEAR or self._values[start] <= NEAR:
            return 0.0
        whole = math.log(self._values[start])
        return min(1.0, max(0.0, 1.0 - math.log(self._values[state]) / whole)) if whole else 1.0

    def _worth(self, outcomes: Sequence[Outcome]) -> float:
        return sum(
            chance * DISCOUNT * (1.0 if self._won(reward, end) else 0.0 if end else self._values[state])
            for chance, state, reward, end in outcomes
        )
