"""Ways of asking for answers that a model does not give by itself: a ladder, cheapest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from types import MappingProxyType
from typing import Literal, TypeAlias

from burnish.limits import Count, Positive, Temperature
from burnish.policies.pareto import Mean

Rung: TypeAlias = Literal[
    "", "sketch", "form", "choice", "shape", "extract", "json", "words", "edit", "beside", "rules", "hot", "hint",
    "others",
]  # fmt: skip
"""How an answer was asked for. Empty: as the program says. `sketch`: a plan with given tools. `form`: held to the form
of the task's answers. `choice`: held to the choices that instruction, feedback or task name. `shape`: shaped like an
example in instruction or feedback. `extract`, `json`: in that format. `words`: held to the words of instruction, task
and feedback. `edit`: held to the text of the task but for one word, with the instruction beside it. `beside`: with the
instruction beside the task. `rules`: with the feedback so far as rules. `hot`: at a high temperature. `hint`: with a
part of a right answer."""

LADDER: tuple[tuple[Rung, ...], ...] = (
    ("form",), ("choice", "shape"), ("extract",), ("json",), ("words", "edit"), ("beside",), ("rules",), ("hot",)
)  # fmt: skip
"""The steps, each with its rungs."""

FORMED: tuple[Rung, ...] = ("form", "shape", "choice", "extract", "json")
"""Rungs that know what an answer looks like, the surest first."""

BESIDE: frozenset[Rung] = frozenset({"edit", "beside"})
"""Rungs of which every answer is asked for with the instruction beside the task."""

BY_TURNS: frozenset[Rung] = frozenset({"choice", "shape", "words"})
"""Rungs of which every second answer is: some tasks a small model then answers far better, others worse."""


@dataclass(frozen=True)
class ColdStart:
    """Climbs the ladder as long as memory holds fewer exemplars than a program shows: each iteration opens further
    steps, and the attempts are dealt out to all that are open, half of them to the one whose answers came nearest to
    right ones; as long as none came near, to the one that knows best what an answer looks like.
    """

    name: Literal["ladder"] = "ladder"
    first: Positive = 1
    """Steps that are open in the first iteration."""
    more: Positive = 2
    """Steps that each further iteration opens."""
    temperature: Temperature = 1.2
    """The temperature of the rung `hot`."""
    easier: Positive = 2
    """Iterations in vain after which tasks are the shortest of many, of the easiest level where there are levels."""
    hinted: Positive = 3
    """Iterations in vain after which failed tasks are tried again with a hint, the second half of a right answer's last
    line, where the environment knows answers.
    """
    hints: Count = 4
    """Tasks of an iteration that are. 0: no part of a right answer is ever shown."""

    def hints_after(self, in_vain: int | None) -> int:
        """Tasks to try again with a hint after so many iterations in vain; None: one was not."""
        return self.hints if in_vain is not None and in_vain >= self.hinted else 0

    def poses_easier(self, in_vain: int | None) -> bool:
        """Whether tasks are easier after so many iterations in vain; None: one was not."""
        return in_vain is not None and in_vain >= self.easier

    def deal(
        self, able: Sequence[Rung], iterations: int, count: int, rewards: Mapping[str, Mean] = MappingProxyType({})
    ) -> list[Rung]:
        """The rungs of `count` attempts after so many iterations; `able` are those there are here, and `rewards` those
        of each so far. What is on no step of the ladder, as to ask as the program says, is open from the beginning.
        """
        steps = [here for step in LADDER if (here := [rung for rung in step if rung in able])]
        climbed = [rung for step in steps[: self.first + self.more * iterations] for rung in step]
        opened = [rung for rung in able if rung in climbed or not any(rung in step for step in LADDER)] or [""]
        known = {rung: rewards[rung].towards(0.0) for rung in opened if rung in rewards}
        best = max(known, key=known.__getitem__, default=None)
        if best is None or not known[best]:
            best = next((rung for rung in FORMED if rung in opened), None)
        if best is None:
            return list(islice(cycle(opened), count))
        near = (count + 1) // 2
        return [best] * near + list(islice(cycle(opened), count - near))
