"""What the kit says: a finding for each promise, the smallest example of a broken one, and how long things took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from burnish.errors import PluginError
from burnish.types import Record, Split, Task

Outcome: TypeAlias = Literal["kept", "broken", "advice", "unknown", "not applicable"]
"""`advice` is a promise kept with something to mend; `unknown` one that could not be tried, for a reason."""

LONGEST_SHOWN = 120
"""Characters of a prompt or an answer that an example shows."""


@dataclass(frozen=True)
class Limits(Record):
    """How far the kit goes: `timeout` seconds for one call, `seconds` for everything, and the `least` number of
    distinct tasks in each split.
    """

    timeout: float = 20.0
    seconds: float = 300.0
    least: Mapping[Split, int] = field(default_factory=lambda: {"train": 60, "validation": 20, "test": 20})


@dataclass(frozen=True)
class Example(Record):
    """Where a promise broke: a task and what was handed to the environment, both shortened, and what was seen."""

    task: str = ""
    given: str = ""
    seen: str = ""


@dataclass(frozen=True)
class Finding(Record):
    """What became of one promise, in a sentence."""

    promise: str
    outcome: Outcome
    detail: str = ""
    example: Example | None = None

    @property
    def text(self) -> str:
        """All of it, a line each."""
        lines = [f"{self.promise}: {self.outcome}{': ' if self.detail else ''}{self.detail}"]
        for name, value in self.example.to_json().items() if self.example else ():
            lines += [f"  {name}: {value}"] if value else []
        return "\n".join(lines)


@dataclass(frozen=True)
class Spread(Record):
    """Seconds that one thing took, over `count` times."""

    count: int
    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """The quantiles by nearest rank; of nothing, zeros."""
        if not seconds:
            return cls(0, 0.0, 0.0)
        ranked = sorted(seconds)
        return cls(len(ranked), *(ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in (0.5, 0.95)))


@dataclass(frozen=True)
class Conformance(Record):
    """What the kit found out about one environment. `times` are those of `tasks` and `score`."""

    spec: str
    name: str
    abilities: tuple[str, ...]
    findings: tuple[Finding, ...]
    times: Mapping[str, Spread] = field(default_factory=dict)
    seconds: float = 0.0
    complete: bool = True
    """Whether there was time to look at everything."""

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The promises that are not kept."""
        return tuple(finding for finding in self.findings if finding.outcome == "broken")

    def finding(self, promise: str) -> Finding:
        """The finding on one promise; `unknown` when it was not looked at."""
        found = {finding.promise: finding for finding in self.findings}
        return found.get(promise) or Finding(promise, "unknown", "it was not looked at")


class Broken(PluginError):
    """A promise does not hold; ends the look at it."""

    def __init__(self, detail: str, example: Example | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.example = example


class Unfinished(PluginError):
    """A promise cannot be looked at, for a reason that is not its own."""


def shown(value: object) -> str:
    """A value on one line, in the middle cut to a length that fits one; texts in quotes, nothing invisible."""
    written = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    if len(written) <= LONGEST_SHOWN:
        return written
    size = f" ({len(value):,} characters)" if isinstance(value, str) else ""
    return f"{written[: LONGEST_SHOWN - 40]} ... {written[-20:]}{size}"


def example(task: Task | None = None, given: object = None, seen: object = "") -> Example:
    """An example in words; what is given is left out when it is None."""
    saw = seen if isinstance(seen, str) else shown(seen)
    return Example("" if task is None else shown(task.prompt), "" if given is None else shown(given), saw)


def smallest(pairs: Iterable[tuple[Task, str]], seen: object) -> Example:
    """The example with the shortest answer, and among those the shortest task."""
    task, answer = min(pairs, key=lambda pair: (len(pair[1]), len(pair[0].prompt)))
    return example(task, answer, seen)
