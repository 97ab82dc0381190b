"""Times in which this process did not run: it was stopped, or its machine slept. They are nobody's pace."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

TICK = 0.5
LONGEST_DELAY = 5.0
"""Seconds by which a thread may be late on a busy machine; what is later was a pause."""


class Pauses:
    """Notices pauses as long as it is entered: a thread that does nothing but look at the clock finds that time has
    passed without it.
    """

    def __init__(self, *, tick: float = TICK, longest_delay: float = LONGEST_DELAY) -> None:
        self.seconds = 0.0
        """How long all pauses together took."""
        self._tick, self._longest = tick, longest_delay
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="pauses", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        before = time.monotonic()
        while not self._over.wait(self._tick):
            now = time.monotonic()
            late = now - before - self._tick
            if late > self._longest:
                self.seconds += late
            before = now
