"""What is being done, how far it is and how long it will take, on a terminal and in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.spinner import Spinner
from rich.text import Text

from burnish.agent.cli.run_lines import line_of
from burnish.agent.cli.terminal import MovingLines, console
from burnish.spelling import duration

EVERY_SECONDS = 20.0
"""How often a pipe is told how far a run is."""
OPENING = "opening the run"
LEAST_CALLS = 10
"""Calls from which a pace can be told."""

DOING = {
    "attempt": "answering train tasks",
    "compare": "answering train tasks with other programs",
    "expand": "writing tasks",
    "gate": "racing a challenger against the champion",
    "rate": "rating answers",
    "teach": "asking the teacher about failed tasks",
    "retry": "trying failed tasks again with a hint",
    "revise": "revising answers by the constitution",
    "rewrite": "trying proposals on train tasks",
}
"""What a call of a node is for; the name of any other node says it."""


@dataclass(frozen=True)
class Pace:
    """How far a run is: calls answered of those expected, and the seconds that the calls of this sitting took.

    `expected` is None as long as nobody said how many calls the run will make. `limit_left` are the seconds of a time
    budget that are left, None where there is none.
    """

    calls: int
    expected: int | None
    new_calls: int
    seconds: float
    limit_left: float | None = None

    @property
    def share(self) -> float | None:
        """The share of the expected calls that is done, at most 1."""
        return min(1.0, self.calls / self.expected) if self.expected else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds to go at the pace so far, within the time budget; None before there is a pace."""
        if self.expected is None or self.new_calls < LEAST_CALLS:
            return None
        left = max(0, self.expected - self.calls) * self.seconds / self.new_calls
        return left if self.limit_left is None else min(left, max(0.0, self.limit_left))

    def __str__(self) -> str:
        total = f" of about {self.expected}" if self.expected and self.calls <= self.expected else ""
        share = f" ({self.share:.0%})" if self.share is not None and self.calls else ""
        left = self.seconds_left
        soon = "" if left is None else f", about {duration(left)} left"
        return f"{self.calls}{total} calls{share}{soon}"


class Progress(MovingLines):
    """Progress of a run on standard error: a line for each thing that happened and how far the run is.

    On a terminal that is one line below the others, which moves; elsewhere a line of its own, when something else is
    begun and every `EVERY_SECONDS`.
    """

    def __init__(
        self, *, quiet: bool = False, screen: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(screen or console(stderr=True), quiet=quiet)
        self._clock = clock
        self._started = clock()
        self._first_call: float | None = None
        self._told = self._started
        self._pace = Pace(0, None, 0, 0.0)
        self._limit: float | None = None
        self._stage = OPENING
        self._doing = ""
        self._told_doing = ("", "")
        if not quiet and not self.moves:
            self.print("Opening the run: loading the model and the embedder.")

    def notify(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Take in one event of the run."""
        if kind == "call":
            self._called(str(facts["node"]), replayed=bool(facts["replayed"]))
        else:
            self._happened(kind, facts)
            line = line_of(kind, facts)
            if line:
                self.print(line)
        if self.moves:
            self.move(Group(Spinner("dots", text=Text(f" {self._line()}", style="dim"))))
        elif kind in {"call", "training"}:
            self._tell_pipe()

    def _tell_pipe(self) -> None:
        """How far the run is, where it does something else than the last line said or that is a while ago."""
        now, doing = self._clock(), (self._stage, self._doing)
        if doing != self._told_doing or now - self._told >= EVERY_SECONDS:
            self._told, self._told_doing = now, doing
            self.print(f"[dim]  {escape(self._line())}[/]")

    def _called(self, node: str, *, replayed: bool) -> None:
        if self._stage == OPENING:  # what is asked before an iteration is whether the reflector can follow its format
            self._doing = "probing the reflector"
        elif not node.startswith("sealed"):
            self._doing = DOING.get(node, node)
        if replayed:  # it was counted when it was made
            return
        now = self._clock()
        if self._first_call is None:
            self._first_call = now
        left = None if self._limit is None else self._limit - (now - self._started)
        pace = self._pace
        self._pace = replace(
            pace,
            calls=pace.calls + 1,
            new_calls=pace.new_calls + 1,
            seconds=now - self._first_call,
            limit_left=left,
        )

    def _happened(self, kind: str, facts: Mapping[str, Any]) -> None:
        match kind:
            case "plan":
                self._pace = replace(self._pace, calls=facts["spent"], expected=facts["calls"])
                self._limit = facts["seconds_left"]
            case "begin":
                self._stage, self._doing = f"iteration {facts['iteration']}", ""
            case "sealed":
                self._stage, self._doing = "sealed test", f"{facts['tasks']} tasks, {len(facts['arms'])} arms"
                self._pace = replace(self._pace, expected=self._pace.calls + facts["calls"])
            case "training":
                self._doing = f"training, step {facts['step']} of {facts['steps']}, loss {facts['loss']:.3f}"
            case "outage":
                self._doing = "waiting for a model server"
            case "stopping":
                self._doing = "stopping: finishing the calls in flight"

    def _line(self) -> str:
        doing = f": {self._doing}" if self._doing else ""
        taken = int(self._clock() - self._started)
        return f"{self._stage}{doing} · {self._pace} · {taken // 60}:{taken % 60:02d} so far"
