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
    """Stops when nothing is learned any more: for a while no exemplar was admitted and no challenger accepted, though
    something was learned before.
    """

    name: Literal["plateau"] = "plateau"
    patience: Positive = 5
    """Iterations in a row that learned nothing after which the run stops."""

    def reason(self, records: Sequence[IterationRecord]) -> str | None:
        """See `Stopping.reason`."""
        learned = [bool(r.admitted) or any(g.open or g.outcome == "accept" for g in r.gates) for r in records]
        if len(records) > self.patience and any(learned) and not any(learned[-self.patience :]):
            return f"nothing was learned in the last {self.patience} iterations"
        return None


@dataclass(frozen=True)
class NeverStopping:
    """Goes on until the budget ends."""

    name: Literal["never"] = "never"

    def reason(self, records: Sequence[IterationRecord]) -> str | None:  # noqa: ARG002 (the Protocol's)
        """None."""
        return None
