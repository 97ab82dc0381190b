"""TemplateName: when a train arrives, or when it left, as HH:MM."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from burnish.errors import ConfigError
from burnish.types import Feedback, Split, Status, Task

DAY = 24 * 60
"""Minutes of a day."""

# Each level is a kind of task, from easy to hard: minutes of the journey, at least and at most.
LEVELS = {"minutes": (5, 55), "hours": (65, 595), "midnight": (65, 595), "backwards": (65, 595)}

FORWARDS = (
    "A train leaves at {start} and travels for {journey}. When does it arrive?",
    "The {start} train needs {journey} to {town}. At what time is it there?",
    "Departure {start}, travelling time {journey}. Arrival?",
)
BACKWARDS = (
    "A train arrives in {town} at {start} after {journey}. When did it leave?",
    "After {journey} the train stops at {start}. At what time did it set off?",
)
TOWNS = ("Basel", "Ghent", "Lyon", "Porto", "Turin", "Vienna")

# Feedback lines that recur become rules of the prompt: each must hold for every task, and give no answer away.
FORM = "write the time alone, as two digits of hours, a colon and two digits of minutes"
MINUTES = "add or subtract the minutes first, and carry every full 60 over to the hours"
HOURS = "count the hours around the clock: after 23:59 comes 00:00"


class TemplateName:
    """Work out when a train arrives, or when it left.

    Tasks of all levels are made without end; `level` chooses one.
    """

    name = "template_name"
    instruction = "Answer the question about the train with a time."
    licence = "CC0-1.0"
    provenance = "Made at random by this code; no outside data."
    levels: Sequence[str] = tuple(LEVELS)

    def __init__(self, *, level: str = "") -> None:
        if level and level not in LEVELS:
            raise ConfigError(f"{self.name}: there is no level {level!r}; the levels are {', '.join(LEVELS)}")
        self._levels = (level,) if level else tuple(LEVELS)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks without end; those of another split are passed over by who asks."""
        rng = random.Random(f"{self.name} {split} {seed}")  # the same in every process, unlike `hash`
        while True:
            yield self._task(rng, rng.choice(self._levels))

    def score(self, task: Task, answer: str) -> Feedback:
        """Half of the reward for the hours, half for the minutes; verified when both are right and nothing is added."""
        found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", answer.strip())
        if found is None:
            return Feedback(reward=0.0, verified=False, text=FORM, status=Status.UNPARSABLE)
        hours, minutes = self._gold(task).split(":")
        parts = {"hours": float(found[1] == hours), "minutes": float(found[2] == minutes)}
        lines = [line for part, line in (("minutes", MINUTES), ("hours", HOURS)) if not parts[part]]
        return Feedback(reward=sum(parts.values()) / 2, verified=not lines, text="\n".join(lines), parts=parts)

    def solve(self, task: Task) -> str:
        """The expected answer."""
        return self._gold(task)

    def form(self, task: Task) -> str:  # noqa: ARG002 (of all tasks alike)
        """What answers look like, a regular expression: a model in search of its first right answer is held to it."""
        return "([01][0-9]|2[0-3]):[0-5][0-9]"

    def at_level(self, level: str) -> TemplateName:
        """The environment with tasks of one level only."""
        return type(self)(level=level)

    def _task(self, rng: random.Random, level: str) -> Task:
        least, most = LEVELS[level]
        journey = rng.randint(least, most)
        end = rng.randint(0, journey - 1) if level == "midnight" else rng.randint(journey, DAY - 1)
        start = (end - journey) % DAY
        given, asked = (end, start) if level == "backwards" else (start, end)
        template = rng.choice(BACKWARDS if level == "backwards" else FORWARDS)
        prompt = template.format(start=_clock(given), journey=_spoken(journey), town=rng.choice(TOWNS))
        return Task(self.name, prompt, data={"time": _clock(asked)}, cell=level)

    @staticmethod
    def _gold(task: Task) -> str:
        return str(task.data["time"])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _spoken(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [_many(hours, "hour"), _many(rest, "minute")]
    return " and ".join(part for part in parts if part)


def _many(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""
