"""The parts that the nodes of the iteration in hand have written, and what they come to together."""

from __future__ import annotations

from typing import TypeVar

from burnish.agent.nodes.parts import (
    Checked,
    Compared,
    Drawn,
    Expanded,
    Guarded,
    Part,
    Rated,
    Retried,
    Reviewed,
    Revised,
    Rewritten,
    Taught,
)
from burnish.agent.record.events import Event
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.curriculum import Effort
from burnish.types import Attempt, Task

P = TypeVar("P", bound=Part)


class Parts:
    """The parts of the iteration in hand, each written once."""

    def __init__(self) -> None:
        self._known: dict[type, Part] = {}

    def add(self, part: Part) -> None:
        """Keep a part; one of its type must not be there yet."""
        kind = type(part)
        assert kind not in self._known, f"{kind.__name__} was written before in this iteration"
        self._known[kind] = part

    def __getitem__(self, kind: type[P]) -> P:
        """The part of a type, which a node before has written."""
        part = self._known[kind]
        assert isinstance(part, kind)
        return part

    def get(self, kind: type[P]) -> P | None:
        """The part of a type; None where its node was not wired, or not on the way."""
        part = self._known.get(kind)
        assert part is None or isinstance(part, kind)
        return part

    @property
    def _expanded(self) -> Expanded:
        return self.get(Expanded) or Expanded()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks in hand: those drawn, then those the run made."""
        return (*self[Drawn].tasks, *self._expanded.tasks)

    @property
    def efforts(self) -> tuple[Effort, ...]:
        """The effort to be spent on each of the tasks in hand."""
        return (*self[Drawn].efforts, *self._expanded.efforts)

    @property
    def outputs(self) -> tuple[Attempt, ...]:
        """The answers that tasks in hand were written for."""
        return self._expanded.outputs

    @property
    def judged(self) -> tuple[Judged, ...]:
        """The answers so far with their verdicts, those of other programs and of the teacher last."""
        compared, taught = self.get(Compared) or Compared(), self.get(Taught) or Taught()
        return (*self.attempted, *compared.judged, *taught.judged)

    @property
    def attempted(self) -> tuple[Judged, ...]:
        """The answers of the program that makes the attempts."""
        if reviewed := self.get(Reviewed):
            return reviewed.judged
        retried, revised = self.get(Retried) or Retried(), self.get(Revised) or Revised()
        return (*self[Checked].judged, *retried.judged, *revised.judged)

    @property
    def events(self) -> tuple[Event, ...]:
        """What the nodes noted, in their order."""
        noting = (
            self.get(Drawn),
            self.get(Expanded),
            self.get(Checked),
            self.get(Revised),
            self.get(Rated),
            self.get(Rewritten),
            self.get(Guarded),
        )
        return tuple(event for part in noting if part for event in part.events)
