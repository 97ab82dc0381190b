"""The budget as it is spent: the worst case of every call is reserved before it is sent and settled after.

What is reserved and spent together never exceeds a limit, so neither does what is spent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from burnish.config import BudgetConfig
from burnish.errors import BudgetExhausted
from burnish.types import Usage

CLOSING_SECONDS = 1.0
"""The end of a time budget that no call may use: what the last answers bring is judged and written down in it."""


@dataclass(frozen=True)
class Amount:
    """Calls, tokens and money: what a limit, a reservation and a sum have in common."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.calls + other.calls, self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.calls - other.calls, self.tokens - other.tokens, self.usd - other.usd)

    def times(self, n: int) -> Amount:
        """N such amounts."""
        return Amount(self.calls * n, self.tokens * n, self.usd * n)


class Ledger:
    """What a run has spent, has reserved, and holds back for the sealed test.

    `started` is when this sitting began, on the monotonic clock; by default now. `apart` counts seconds of training and
    of waiting for servers, which say nothing of the pace of calls. `paused` says how long this process did not run in
    this sitting, which counts for nothing.
    """

    def __init__(
        self,
        budget: BudgetConfig,
        *,
        spent: Usage,
        seconds_before: float = 0.0,
        seconds_apart: float = 0.0,
        started: float | None = None,
        paused: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.budget = budget
        self.spent = Amount(spent.calls, spent.tokens, spent.usd)
        self._reserved = Amount()
        self._settled = asyncio.Event()
        self.apart = seconds_apart
        self._held = Amount()
        self._held_seconds: Callable[[float, int], float] = lambda _seconds, _calls: 0.0
        self._seconds_before = seconds_before
        self._started = time.monotonic() if started is None else started
        self._paused = paused

    @property
    def seconds(self) -> float:
        """Seconds this run has taken, earlier sittings included."""
        return self._seconds_before + time.monotonic() - self._started - self._paused()

    @property
    def seconds_calling(self) -> float:
        """Those in which models were asked and answers judged."""
        return self.seconds - self.apart

    def hold(self, amount: Amount, *, seconds: Callable[[float, int], float] = lambda _seconds, _calls: 0.0) -> None:
        """Keep this much from everything but the sealed test; replaces what was held before.

        `seconds` says how many, given the seconds that so many calls have taken; it is asked anew whenever it matters,
        for the pace becomes known as calls are made.
        """
        self._held, self._held_seconds = amount, seconds

    def left(self) -> Amount:
        """What may still be reserved; an amount without a limit is very large."""
        budget = self.budget
        limits = Amount(
            budget.calls if budget.calls is not None else 2**62,
            budget.tokens if budget.tokens is not None else 2**62,
            budget.usd if budget.usd is not None else float("inf"),
        )
        return limits - self.spent - self._reserved - self._held

    def seconds_left(self) -> float:
        """Seconds that are neither spent nor held back nor needed to close."""
        if self.budget.seconds is None:
            return float("inf")
        held = self._held_seconds(self.seconds_calling, self.spent.calls)
        return self.budget.seconds - self.seconds - held - CLOSING_SECONDS

    def reserve(self, worst: Amount) -> None:
        """Set the worst case of a call aside.

        Raises:
            BudgetExhausted: it could exceed a limit. Nothing is reserved then.

        """
        left = self.left()
        for name, asked, have in (
            ("calls", worst.calls, left.calls),
            ("tokens", worst.tokens, left.tokens),
            ("usd", worst.usd, left.usd),
        ):
            if asked > have:
                raise BudgetExhausted(
                    f"the next call may need {asked:g} {name} and {max(have, 0):g} are left", limit=name
                )
        if self.seconds_left() <= 0:
            raise BudgetExhausted("the time budget is used up", limit="seconds")
        self._reserved += worst

    async def reserve_in_turn(self, worst: Amount) -> None:
        """As `reserve`, but wait while calls in flight may still leave enough: most take less than their worst case."""
        while True:
            try:
                self.reserve(worst)
            except BudgetExhausted as error:
                if error.limit not in ("tokens", "usd") or self._reserved == Amount():
                    raise
            else:
                return
            await self._settled.wait()

    def settle(self, worst: Amount, actual: Amount) -> None:
        """Replace a reservation by what the call really used."""
        self._reserved -= worst
        self.spent += actual
        self._settled.set()  # whoever waits looks again
        self._settled = asyncio.Event()

    def lose(self, worst: Amount) -> None:
        """The outcome of a call is unknown: its worst case counts as spent."""
        self.settle(worst, worst)
