"""The way to one server: how many calls go to it at a time, and the wait while it does not answer.

A circuit breaker (M. Nygard, "Release It!", 2007): when a call fails all others wait, and one at a time tries again,
after ever longer gaps, until one is answered. How many are in flight follows what the server takes: one more with every
round that is answered, half as many when it says that it is too much (additive increase, multiplicative decrease: Chiu
and Jain, 1989).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

FIRST_WAIT = 0.5
LOOK_ELSEWHERE = 1.0
"""Seconds after which a call that waits for a server looks again whether another one answers."""
LONGEST_WAIT = 60.0
"""Seconds between two tries while a server does not answer at most."""
GROWTH = 1.25
"""By how much a wait is longer than the one before: a minute after 22 tries. Most servers are back within one, and some
refuse so many requests rather than for so long; a try is cheap.
"""


@dataclass(frozen=True)
class Waiting:
    """A server does not answer. `since` and `until` are seconds on the monotonic clock; `reason` is what was said last,
    and `tries` how often it was tried since.
    """

    reason: str
    since: float
    until: float
    tries: int


class Circuit:
    """Lets at most `most` calls at a time through to a server; one, until it is `known` to have answered."""

    def __init__(
        self,
        most: int,
        *,
        known: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.known = known
        self.answers = 0
        self.waiting: Waiting | None = None
        self.broken: Exception | None = None
        self.limit = float(most)
        self._most, self._clock = most, clock
        self._in_flight, self._probing = 0, False
        self._queue: deque[asyncio.Event] = deque()

    async def enter(self, check: Callable[[], None], *, elsewhere: Callable[[], bool] | None = None) -> bool | None:
        """Wait for a turn; True for the one call that tries a server again. `check` raises where waiting is in vain.
        While the server does not answer, None comes back as soon as the call can go `elsewhere`.

        First come, first served: a call that failed goes to the end, for the server may fail at that one alone. Each
        call that entered has to say how it went: `answered`, `failed` or `left`.
        """
        turn = asyncio.Event()
        self._queue.append(turn)
        try:
            while True:
                check()
                if self.broken is not None:
                    raise self.broken
                left = self.waiting.until - self._clock() if self.waiting is not None else 0.0
                if self._queue[0] is turn and self._free and left <= 0:
                    self._in_flight += 1
                    self._probing = self.waiting is not None
                    return self._probing
                if self.waiting is not None and elsewhere is not None and elsewhere():
                    return None
                turn.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look_again(turn, left, elsewhere is not None)):
                        await turn.wait()
        finally:
            self._queue.remove(turn)
            self._call_next()

    def _look_again(self, turn: asyncio.Event, left: float, elsewhere: bool) -> float | None:
        """Seconds after which a call that waits has to look again by itself."""
        if self._queue[0] is not turn or (left <= 0 and not elsewhere):
            return None
        return min(left, LOOK_ELSEWHERE) if elsewhere and left > 0 else LOOK_ELSEWHERE if elsewhere else left

    @property
    def due(self) -> bool:
        """Whether a call would go through now, or almost now: the server answers, or it is time to try it again."""
        if self.broken is not None:
            return False
        return self.waiting is None or (not self._probing and self.waiting.until <= self._clock())

    @property
    def _free(self) -> bool:
        if self.waiting is not None:
            return not self._probing
        return self._in_flight < (int(self.limit) if self.known else 1)

    def answered(self, *, probe: bool) -> None:
        """The server answered."""
        self.known = True
        self.answers += 1
        self.limit = min(float(self._most), self.limit + 1 / self.limit)
        self.waiting = None
        self.left(probe=probe)

    def failed(self, reason: str, *, probe: bool, busy: bool, asked: float | None) -> float:
        """The server did not answer; it is `busy`, or `asked` for a wait of so many seconds. Returns the seconds from
        now until it is tried again.
        """
        now = self._clock()
        if busy and (probe or self.waiting is None):
            self.limit = max(1.0, self.limit / 2)
        if probe or self.waiting is None:  # what was in flight when the first failed says nothing new
            tries, since = (1, now) if self.waiting is None else (self.waiting.tries + 1, self.waiting.since)
            gap = min(LONGEST_WAIT, FIRST_WAIT * GROWTH ** min(tries - 1, 30))
            until = now + (gap * random.uniform(0.5, 1) if asked is None else asked + random.uniform(0, FIRST_WAIT))
            self.waiting = Waiting(reason, since, until, tries)
            self.wake()
        wait = max(0.0, self.waiting.until - now)
        self.left(probe=probe)
        return wait

    def left(self, *, probe: bool) -> None:
        """A call is over, or was never sent."""
        self._in_flight -= 1
        self._probing = self._probing and not probe
        self._call_next()

    def break_off(self, error: Exception) -> None:
        """No more calls go through: each raises `error`."""
        self.broken = error
        self.wake()

    def wake(self) -> None:
        """Have all that wait look again."""
        for turn in self._queue:
            turn.set()

    def _call_next(self) -> None:
        """Have the first that waits look again."""
        if self._queue:
            self._queue[0].set()
