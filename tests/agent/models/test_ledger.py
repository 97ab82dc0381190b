from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.agent.models.ledger import Amount, Ledger
from burnish.config import BudgetConfig
from burnish.errors import BudgetExhausted
from burnish.types import Usage

CENT = 2.0**-7  # sums of these are exact
AMOUNTS = st.builds(
    lambda calls, tokens, cents: Amount(calls, tokens, cents * CENT),
    st.integers(0, 3),
    st.integers(0, 50),
    st.integers(0, 50),
)
LIMITS = st.builds(
    lambda calls, tokens, cents: BudgetConfig(calls=calls, tokens=tokens, usd=cents and cents * CENT),
    st.none() | st.integers(1, 20),
    st.none() | st.integers(1, 200),
    st.none() | st.integers(1, 200),
)
STEP = st.tuples(st.sampled_from(["reserve", "settle", "lose", "hold"]), AMOUNTS, st.floats(0, 1), st.integers(0, 9))


def within(amount: Amount, budget: BudgetConfig) -> bool:
    return all(
        limit is None or value <= limit
        for value, limit in (
            (amount.calls, budget.calls),
            (amount.tokens, budget.tokens),
            (amount.usd, budget.usd),
        )
    )


@given(LIMITS, st.lists(STEP, max_size=40))
def test_spent_and_reserved_never_exceed_a_limit_in_any_order_of_events(
    budget: BudgetConfig, steps: list[tuple[str, Amount, float, int]]
) -> None:
    ledger = Ledger(budget, spent=Usage())
    open_: list[Amount] = []
    spent = Amount()
    for kind, amount, share, which in steps:
        if kind == "hold":
            ledger.hold(amount)
        elif kind == "reserve":
            before = ledger.left()
            try:
                ledger.reserve(amount)
            except BudgetExhausted:
                assert ledger.left() == before
            else:
                open_.append(amount)
        elif open_:
            worst = open_.pop(which % len(open_))
            used = Amount(worst.calls, int(worst.tokens * share), int(worst.usd / CENT * share) * CENT)
            if kind == "lose":
                ledger.lose(worst)
            else:
                ledger.settle(worst, used)
            spent += worst if kind == "lose" else used
        assert ledger.spent == spent
        assert within(sum(open_, spent), budget)
        assert within(ledger.spent, budget)


@given(LIMITS, AMOUNTS)
def test_what_fits_is_granted_to_the_last_unit(budget: BudgetConfig, amount: Amount) -> None:
    ledger = Ledger(budget, spent=Usage())
    if within(amount, budget):
        ledger.reserve(amount)
    else:
        with pytest.raises(BudgetExhausted, match=r"the next call may need .* (calls|tokens|usd) and .* are left"):
            ledger.reserve(amount)


def test_what_is_held_back_is_out_of_reach_until_it_is_released() -> None:
    ledger = Ledger(BudgetConfig(calls=5), spent=Usage(calls=2))
    ledger.hold(Amount(calls=2))
    ledger.reserve(Amount(calls=1))
    with pytest.raises(BudgetExhausted, match="1 calls and 0 are left"):
        ledger.reserve(Amount(calls=1))
    ledger.hold(Amount())
    ledger.reserve(Amount(calls=2))
    assert ledger.left().calls == 0


def test_holding_more_than_is_left_stops_everything_and_spends_nothing() -> None:
    ledger = Ledger(BudgetConfig(calls=5), spent=Usage())
    ledger.hold(Amount(calls=9))
    with pytest.raises(BudgetExhausted, match="0 are left"):
        ledger.reserve(Amount(calls=1))
    assert ledger.spent == Amount()


def test_what_was_spent_in_earlier_sittings_counts() -> None:
    ledger = Ledger(BudgetConfig(tokens=10), spent=Usage(calls=3, prompt_tokens=6, completion_tokens=3))
    ledger.reserve(Amount(1, 1))
    with pytest.raises(BudgetExhausted):
        ledger.reserve(Amount(1, 1))


def test_seconds_of_all_sittings_count_and_some_can_be_held_back() -> None:
    ledger = Ledger(BudgetConfig(seconds=1000), spent=Usage(), seconds_before=400)
    assert ledger.seconds >= 400
    assert ledger.seconds_left() <= 600
    ledger.reserve(Amount(1))
    ledger.hold(Amount(), seconds=lambda _seconds, _calls: 600.0)
    assert ledger.seconds_left() <= 0
    with pytest.raises(BudgetExhausted, match="the time budget is used up"):
        ledger.reserve(Amount(1))


def test_seconds_are_held_back_by_the_pace_that_calls_turn_out_to_have() -> None:
    ledger = Ledger(BudgetConfig(seconds=1000), spent=Usage(), seconds_before=100)
    ledger.hold(Amount(), seconds=lambda seconds, calls: 900.0 if calls == 0 else 50 * seconds / calls)
    assert ledger.seconds_left() <= 0
    ledger.settle(Amount(), Amount(100))
    assert 800 < ledger.seconds_left() < 850


def test_without_limits_everything_fits() -> None:
    ledger = Ledger(BudgetConfig(iterations=3), spent=Usage())
    ledger.reserve(Amount(10**9, 10**15, 1e12))
    assert ledger.seconds_left() == float("inf")


def test_a_run_without_any_limit_has_one_of_calls() -> None:
    assert BudgetConfig().calls == BudgetConfig.model_validate({}).calls == 800
    for limits in ({"seconds": 5.0}, {"tokens": 5}, {"usd": 1.0}, {"iterations": 5}):
        assert BudgetConfig.model_validate(limits).calls is None


async def test_a_call_waits_for_what_calls_in_flight_leave_of_their_worst_case() -> None:
    ledger = Ledger(BudgetConfig(tokens=100), spent=Usage())
    ledger.reserve(Amount(1, 80))
    waiting = asyncio.create_task(ledger.reserve_in_turn(Amount(1, 80)))
    await asyncio.sleep(0)
    assert not waiting.done()
    ledger.settle(Amount(1, 80), Amount(1, 20))
    await waiting
    assert ledger.left().tokens == 0


async def test_a_call_that_nothing_in_flight_can_make_room_for_is_refused() -> None:
    ledger = Ledger(BudgetConfig(tokens=100), spent=Usage())
    ledger.reserve(Amount(1, 80))
    waiting = asyncio.create_task(ledger.reserve_in_turn(Amount(1, 80)))
    await asyncio.sleep(0)
    ledger.lose(Amount(1, 80))
    with pytest.raises(BudgetExhausted, match="20 are left"):
        await waiting
