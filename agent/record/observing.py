"""Those who look on while a run is at work: its log, a terminal, a callback. None of them may end it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from burnish.agent.record.run import Notify
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import Interrupted


class Observers:
    """Tells each observer of every event. One that fails is told no more, and the others are told why, once."""

    def __init__(self, **observers: Notify) -> None:
        self._observers: dict[str, Notify] = observers
        self._failed: dict[str, str] = {}

    def __call__(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Tell of an event."""
        for name, observer in list(self._observers.items()):
            self._tell(name, observer, kind, facts)

    def _tell(self, name: str, observer: Callable[[str, Mapping[str, Any]], None], kind: str, facts: Any) -> None:
        if name in self._failed:
            return
        outcome = guarded_call(lambda: observer(kind, facts))
        if isinstance(outcome, Raised) and isinstance(outcome.error, Interrupted):
            raise outcome.error  # one that asks for a stop, in so many words
        if isinstance(outcome, Raised):
            self._failed[name] = str(outcome)
            self("unobserved", {"observer": name, "reason": str(outcome)})
