"""When a run has nothing left to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from burnish.limits import Positive
from burnish.records import IterationRecord


class Stopping(Protocol):
    """Looks at the iterations so far, between two of them."""

    def reason(self, records: Sequence[IterationRecord]) -> str | None:
        """Why to stop now, or None to go on."""
        ...


@dataclass(frozen=True)
class PlateauStopping:
    """Stops when the gate has not accepted a challenger for a while."""

    name: Literal["plateau"] = "plateau"
    patience: Positive = 5
    """Iterations without an accepted challenger after which the run stops. Only those that raced one count."""

    def reason(self, records: Sequence[IterationRecord]) -> str | None:
        """See `Stopping.reason`."""
        raced = [r for r in records if r.gates]
        recent = raced[-self.patience :]
        if len(recent) == self.patience and not any(g.outcome == "accept" for r in recent for g in r.gates):
            return f"no challenger was accepted in the last {self.patience} iterations that raced one"
        return None


@dataclass(frozen=True)
class NeverStopping:
    """Goes on until the budget ends."""

    name: Literal["never"] = "never"

    def reason(self, records: Sequence[IterationRecord]) -> str | None:  # noqa: ARG002 (the Protocol's)
        """None."""
        return None
