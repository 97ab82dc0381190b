"""Daemon threads that run calls off the event loop, each within a time limit.

A call that does not end keeps its thread for good, but blocks nothing: it is given up, another thread takes the
place of the lost one, and being a daemon it does not keep the process alive. Only code that never releases the
interpreter lock (a regular expression that backtracks without end, say) can still hold up everything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Final

IDLE_SECONDS = 2.0
"""How long a thread waits for more before it ends."""


class TimedOut:
    """The result of a call that was given up."""


TIMED_OUT: Final = TimedOut()


class Workers:
    """At most `size` threads, started on demand."""

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._tickets: deque[_Batch] = deque()  # one for each thread that could help a batch
        self._changed = Condition()
        self._threads = 0
        self._idle = 0
        self._bell: _Bell | None = None

    async def run(self, calls: Sequence[Callable[[], object]], timeout: float) -> list[object]:  # noqa: ASYNC109
        """The results in the order of `calls`, which must not raise.

        A call that runs longer than `timeout` seconds, from its own start, gives `TIMED_OUT`.
        """
        loop = asyncio.get_running_loop()
        if self._bell is None or self._bell.loop is not loop:
            self._bell = _Bell(loop)
        batch = _Batch(calls, self._bell)
        self._engage(batch, len(calls))
        try:
            while batch.left:
                await asyncio.wait({batch.done}, timeout=batch.remaining(timeout))
                self._replace(batch, batch.give_up(timeout))
        finally:  # cancelled: what waits is dropped, what runs is given up
            batch.drop()
            self._replace(batch, batch.give_up(0.0))
        return batch.results

    def _engage(self, batch: _Batch, helpers: int) -> None:
        with self._changed:
            tickets = min(helpers, self._size)
            self._tickets.extend([batch] * tickets)
            self._changed.notify(tickets)
            starting = min(len(self._tickets) - self._idle, self._size - self._threads)
            self._threads += max(0, starting)
        for _ in range(starting):
            Thread(target=self._work, name="burnish-environment", daemon=True).start()

    def _replace(self, batch: _Batch, lost: int) -> None:
        if lost:
            with self._changed:
                self._threads -= lost
            self._engage(batch, lost)

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            if not batch.work():
                return

    def _next(self) -> _Batch | None:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._tickets, IDLE_SECONDS)
            self._idle -= 1
            if self._tickets:
                return self._tickets.popleft()
            self._threads -= 1
            return None


class _Batch:
    """Calls of one `run`; several threads work on it, and the event loop gives up what takes too long."""

    def __init__(self, calls: Sequence[Callable[[], object]], bell: _Bell) -> None:
        self.results: list[object] = [TIMED_OUT] * len(calls)
        self.left = len(calls)
        self.done = bell.loop.create_future()
        self._waiting = deque(enumerate(calls))
        self._running: dict[int, float] = {}
        self._bell = bell
        self._lock = Lock()

    def work(self) -> bool:
        """Run calls while there are any. False: the last one was given up, its thread has been replaced."""
        while True:
            with self._lock:
                if not self._waiting:
                    return True
                index, call = self._waiting.popleft()
                self._running[index] = monotonic()
            result = call()
            with self._lock:
                if self._running.pop(index, None) is None:
                    return False
                self.results[index] = result
                self.left -= 1
                last = not self.left
            if last:
                self._bell.ring(self.done)

    def remaining(self, timeout: float) -> float:
        """Seconds until the next call may have to be given up."""
        with self._lock:
            oldest = min(self._running.values(), default=monotonic())
        return max(0.0, oldest + timeout - monotonic())

    def give_up(self, timeout: float) -> int:
        """Settle the calls that have run for `timeout` seconds as timed out; how many they are."""
        now = monotonic()
        with self._lock:
            overdue = [index for index, started in self._running.items() if now - started >= timeout]
            for index in overdue:
                del self._running[index]
            self.left -= len(overdue)
        return len(overdue)

    def drop(self) -> None:
        """Forget the calls that have not started."""
        with self._lock:
            self._waiting.clear()


class _Bell:
    """Tells an event loop which futures are done, waking it once for all that are so by then.

    Waking is a system call, after which a thread may wait 5 ms for the interpreter lock.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: deque[asyncio.Future[None]] = deque()
        self._rung = False

    def ring(self, future: asyncio.Future[None]) -> None:
        self._done.append(future)
        if not self._rung:
            self._rung = True
            with suppress(RuntimeError):  # the event loop is closed: nobody waits
                self.loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._rung = False
        while self._done:
            future = self._done.popleft()
            if not future.done():
                future.set_result(None)
