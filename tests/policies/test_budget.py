from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.budget import Costs, ReservingBudget

COSTS = st.builds(
    Costs,
    iteration=st.integers(1, 200),
    gate_task=st.integers(0, 4),
    gate_tasks=st.integers(1, 20),
    sealed=st.integers(0, 300),
)
CALLS = st.integers(0, 5000)
ITERATIONS = st.integers(1, 30)
POLICY = ReservingBudget()


@given(CALLS, CALLS, ITERATIONS, COSTS)
def test_more_calls_never_buy_less(a: int, b: int, iterations: int, costs: Costs) -> None:
    few, many = sorted((a, b))
    less, more = POLICY.plan(few, iterations, costs), POLICY.plan(many, iterations, costs)
    assert less.iterations is not None
    assert more.iterations is not None
    assert less.iterations <= more.iterations <= iterations
    assert less.least_calls == more.least_calls


@given(CALLS, ITERATIONS, COSTS)
def test_an_iteration_is_bought_exactly_from_the_least_number_of_calls_on(
    calls: int, iterations: int, costs: Costs
) -> None:
    plan = POLICY.plan(calls, iterations, costs)
    assert (plan.iterations >= 1) == (calls >= plan.least_calls)
    assert (calls >= plan.least_calls) == (POLICY.affordable(calls - costs.sealed, inf, 1.0, costs) >= 1)


@given(CALLS, ITERATIONS, COSTS)
def test_what_is_planned_leaves_the_sealed_test_whole(calls: int, iterations: int, costs: Costs) -> None:
    plan = POLICY.plan(calls, iterations, costs)
    if plan.iterations:
        assert plan.iterations * costs.each + costs.sealed <= calls
        assert plan.learning + costs.sealed <= calls


@given(ITERATIONS, COSTS)
def test_without_a_limit_all_iterations_are_planned(iterations: int, costs: Costs) -> None:
    plan = POLICY.plan(None, iterations, costs)
    assert (plan.iterations, plan.learning) == (iterations, iterations * costs.each)


@given(st.integers(0, 3000), st.floats(0.1, 10), COSTS)
def test_calls_and_time_afford_as_much_as_the_scarcer_of_them(left: int, pace: float, costs: Costs) -> None:
    by_calls = POLICY.affordable(left, inf, pace, costs)
    assert by_calls == left / costs.each
    assert POLICY.affordable(left, pace * left / 2, pace, costs) == pytest.approx(by_calls / 2)
    assert POLICY.affordable(left, 0.0, 0.0, costs) == by_calls, "where the pace is not known yet, time does not count"


def test_seconds_for_the_sealed_test_follow_the_pace_so_far() -> None:
    policy = ReservingBudget(margin=2.0, first_seconds_a_call=0.25)
    assert policy.sealed_seconds(30.0, 10, 20) == 3.0 * 20 * 2.0
    assert policy.sealed_seconds(0.0, 0, 20) == 0.25 * 20 * 2.0
