"""What a budget buys, before anything is spent, and what is kept back for the sealed test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from burnish.limits import AboveZero


@dataclass(frozen=True)
class Costs:
    """Calls that the parts of a run make: an iteration without its gate, the gate per task, the sealed test, and the
    search that an iteration makes for a challenger where it races one.
    """

    iteration: int
    gate_task: int
    gate_least_tasks: int
    gate_most_tasks: int
    sealed: int
    search: int = 0


@dataclass(frozen=True)
class Plan:
    """What a limit of calls buys: so many iterations and challengers at least, in about so many `calls`."""

    iterations: int
    challengers: int
    least_calls: int
    calls: int


@dataclass(frozen=True)
class ReservingBudget:
    """Keeps the whole sealed test back. An iteration starts when it fits with a gate of the least length."""

    name: Literal["reserving"] = "reserving"
    margin: AboveZero = 1.5
    """Multiplies the time that is kept for the sealed test, which is what it should take at the pace so far."""
    first_seconds_a_call: AboveZero = 0.5
    """The pace that is assumed before any call was made: seconds a call."""

    def plan(self, calls: int | None, iterations: int, costs: Costs) -> Plan:
        """The plan of a run; it assumes that every gate runs to half of its most tasks."""
        least = costs.sealed + costs.iteration + costs.search + costs.gate_task * costs.gate_least_tasks
        middle = max(costs.gate_least_tasks, costs.gate_most_tasks // 2)
        each = costs.iteration + costs.search + costs.gate_task * middle
        if calls is None:
            return Plan(iterations, iterations, least, costs.sealed + iterations * each)
        bought = max(0, calls - costs.sealed) // each
        if calls >= least:
            bought = max(1, bought)
        count = min(iterations, bought)
        return Plan(count, count, least, min(calls, costs.sealed + iterations * each))

    def affords(self, calls_left: float, seconds_left: float, pace: float, costs: Costs) -> bool:
        """Whether one more iteration fits, the sealed test being held back already; `pace` is in seconds a call."""
        least = costs.iteration + costs.gate_task * costs.gate_least_tasks
        return calls_left >= least and seconds_left >= pace * least

    def last_race(self, calls_left: float, seconds_left: float, pace: float, costs: Costs) -> bool:
        """Whether the iteration to come is the last that affords a whole gate, as in `affords`: a further one, with
        its search and its gate, would not fit.
        """
        further = 2 * costs.iteration + costs.search + costs.gate_task * costs.gate_most_tasks
        return calls_left < further or seconds_left < pace * further

    def sealed_seconds(self, seconds: float, calls: int, sealed_calls: int) -> float:
        """Seconds to keep for the sealed test, given that `calls` calls took `seconds` so far."""
        pace = seconds / calls if calls else self.first_seconds_a_call
        return pace * sealed_calls * self.margin
