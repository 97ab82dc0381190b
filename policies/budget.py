"""What a budget buys, before anything is spent, and what is kept back for the sealed test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from burnish.limits import AboveZero, Share


@dataclass(frozen=True)
class Costs:
    """Calls that the parts of a run make: an iteration without its race, the race per task and in one iteration, the
    sealed test, and the search that an iteration makes for a challenger where it races one.
    """

    iteration: int
    gate_task: int
    gate_tasks: int
    sealed: int
    search: int = 0

    @property
    def each(self) -> int:
        """An iteration with its race."""
        return self.iteration + self.gate_task * self.gate_tasks


@dataclass(frozen=True)
class Plan:
    """What a limit of calls buys: so many iterations at least, `learning` calls for them, and `calls` in all."""

    iterations: int
    least_calls: int
    learning: int
    calls: int


@dataclass(frozen=True)
class ReservingBudget:
    """Keeps the whole sealed test back. What is left may end with a part of an iteration."""

    name: Literal["reserving"] = "reserving"
    margin: AboveZero = 1.5
    """Multiplies the time that is kept for the sealed test, which is what it should take at the pace so far."""
    least: Share = 0.25
    """The part of an iteration below which none is begun."""
    first_seconds_a_call: AboveZero = 0.5
    """The pace that is assumed before any call was made: seconds a call."""

    def plan(self, calls: int | None, iterations: int, costs: Costs) -> Plan:
        """The plan of a run; it assumes that every iteration races something."""
        least = costs.sealed + costs.search + costs.each
        each = costs.search + costs.each
        if calls is None:
            return Plan(iterations, least, iterations * each, costs.sealed + iterations * each)
        learning = max(0, calls - costs.sealed)
        count = min(iterations, learning // each)
        if calls >= least:
            count = max(1, count)
        return Plan(count, least, min(learning, iterations * each), min(calls, costs.sealed + iterations * each))

    def affordable(self, calls_left: float, seconds_left: float, pace: float, costs: Costs) -> float:
        """How many iterations are affordable, the sealed test being held back already; `pace` is in seconds a call.

        The last may be a part of one: it then has fewer tasks.
        """
        left = min(calls_left, seconds_left / pace if pace else math.inf)
        return left / (costs.each + costs.search)

    def sealed_seconds(self, seconds: float, calls: int, sealed_calls: int) -> float:
        """Seconds to keep for the sealed test, given that `calls` calls took `seconds` so far."""
        pace = seconds / calls if calls else self.first_seconds_a_call
        return pace * sealed_calls * self.margin
