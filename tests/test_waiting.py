"""Coroutines are run to their end from code that is none, in a notebook too, where a loop runs already."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from burnish.waiting import awaited


async def doubled(number: int) -> int:
    await asyncio.sleep(0)
    if number < 0:
        raise ValueError(number)
    return 2 * number


def test_a_result_or_an_error_comes_back_without_a_loop() -> None:
    assert awaited(doubled(2)) == 4
    with pytest.raises(ValueError, match="-1"):
        awaited(doubled(-1))


async def test_a_result_or_an_error_comes_back_within_a_loop() -> None:
    assert awaited(doubled(2)) == 4
    with pytest.raises(ValueError, match="-1"):
        awaited(doubled(-1))


def test_an_interrupt_cancels_what_is_waited_for_within_a_loop() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def interrupt() -> None:
        begun.wait()
        signal.pthread_kill(main, signal.SIGINT)

    async def cell() -> None:
        awaited(endless())

    main = threading.get_ident()
    threading.Thread(target=interrupt).start()
    loop = asyncio.new_event_loop()  # one that leaves Ctrl-C as it is, as that of a notebook does
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(cell())
    finally:
        loop.close()
    assert cancelled.is_set()
