"""The way to one server: how many calls at a time, and the wait while it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from burnish.agent.models import circuit as circuits
from burnish.agent.models.circuit import LONGEST_WAIT, Circuit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def nothing() -> None:
    """A check that lets everything wait."""


async def entered(circuit: Circuit) -> bool | None:
    """Whether a call that enters now is a probe; None where it has to wait."""
    entering = asyncio.ensure_future(circuit.enter(nothing))
    for _ in range(3):
        await asyncio.sleep(0)
    if entering.done():
        return entering.result()
    entering.cancel()
    return None


def fail(circuit: Circuit, *, probe: bool = False, busy: bool = False, asked: float | None = None) -> float:
    return circuit.failed("down", probe=probe, busy=busy, asked=asked)


async def test_no_more_calls_than_allowed_are_in_flight() -> None:
    circuit = Circuit(2, known=True)
    assert [await entered(circuit) for _ in range(3)] == [False, False, None]
    circuit.answered(probe=False)
    assert await entered(circuit) is False


async def test_the_first_call_goes_alone_until_it_is_answered() -> None:
    circuit = Circuit(8)
    assert [await entered(circuit) for _ in range(2)] == [False, None]
    circuit.answered(probe=False)
    assert [await entered(circuit) for _ in range(2)] == [False, False]


async def test_while_a_server_does_not_answer_one_call_at_a_time_tries_again() -> None:
    clock = Clock()
    circuit = Circuit(8, known=True, clock=clock)
    assert await entered(circuit) is False
    wait = fail(circuit)
    assert 0 < wait <= circuits.FIRST_WAIT
    assert await entered(circuit) is None, "it waits"
    clock.now += wait
    assert [await entered(circuit) for _ in range(2)] == [True, None], "one tries, the others wait for it"
    fail(circuit, probe=True)
    assert await entered(circuit) is None
    clock.now += LONGEST_WAIT
    assert await entered(circuit) is True
    circuit.answered(probe=True)
    assert [await entered(circuit) for _ in range(3)] == [False] * 3
    assert circuit.waiting is None


async def test_gaps_grow_up_to_a_bound_and_what_was_in_flight_already_does_not_lengthen_them() -> None:
    clock = Clock()
    circuit = Circuit(8, known=True, clock=clock)
    for _ in range(4):
        await circuit.enter(nothing)
    waits = [fail(circuit) for _ in range(4)]
    assert len(set(waits)) == 1
    for n in range(1, 20):
        clock.now += 1000
        assert await circuit.enter(nothing)
        longest = min(LONGEST_WAIT, circuits.FIRST_WAIT * circuits.GROWTH**n)
        assert longest / 2 <= fail(circuit, probe=True) <= longest
    assert circuit.waiting is not None
    assert (circuit.waiting.tries, circuit.waiting.since) == (20, 100.0)


async def test_what_a_server_asks_for_is_kept_to_even_if_it_is_nothing() -> None:
    clock = Clock()
    circuit = Circuit(8, known=True, clock=clock)
    await circuit.enter(nothing)
    assert 7 <= fail(circuit, asked=7) <= 7 + circuits.FIRST_WAIT
    clock.now += 8
    await circuit.enter(nothing)
    assert 0 <= fail(circuit, probe=True, asked=0) <= circuits.FIRST_WAIT


async def test_half_as_many_go_to_a_server_that_is_busy_and_slowly_more_again() -> None:
    clock = Clock()
    circuit = Circuit(8, known=True, clock=clock)
    for expected in (4, 2, 1, 1):
        probe = bool(await circuit.enter(nothing))
        fail(circuit, probe=probe, busy=True)
        assert circuit.limit == expected
        clock.now += 1000
    rounds = 0
    while circuit.limit < 8:
        circuit.answered(probe=bool(await circuit.enter(nothing)))
        rounds += 1
    assert 20 < rounds < 60, "as many answers as the limit make it one more"


async def test_a_call_that_was_never_sent_leaves_the_next_one_to_try() -> None:
    clock = Clock()
    circuit = Circuit(8, known=True, clock=clock)
    await circuit.enter(nothing)
    fail(circuit)
    clock.now += 1000
    assert await circuit.enter(nothing)
    circuit.left(probe=True)
    assert await entered(circuit) is True


async def test_all_that_wait_are_told_when_it_is_in_vain_or_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuits, "FIRST_WAIT", 1000.0)
    circuit = Circuit(8, known=True)
    stopped: list[Exception] = []

    def check() -> None:
        if stopped:
            raise stopped[0]

    async def outcome(end: Callable[[], None]) -> list[object]:
        await circuit.enter(nothing)
        fail(circuit)
        waiting = [asyncio.ensure_future(circuit.enter(check)) for _ in range(3)]
        await asyncio.sleep(0)
        end()
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    def stop() -> None:
        stopped.append(KeyError())
        circuit.wake()

    assert await outcome(lambda: circuit.answered(probe=False)) == [False] * 3
    assert [type(error) for error in await outcome(stop)] == [KeyError] * 3
    stopped.clear()
    circuit.break_off(ValueError("down for good"))
    with pytest.raises(ValueError, match="down for good"):
        await circuit.enter(nothing)
