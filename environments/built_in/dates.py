"""Dates: a date written out in one of many ways, answered as YYYY-MM-DD."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Self

from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.built_in.templates import Splits
from burnish.types import Feedback, Split, Status, Task

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    *("twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth"),
    *("twenty-sixth", "twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first"),
)

# The month is always a word and the year always has four digits, so no way can be read as two dates.
WAYS = MappingProxyType(
    {
        "ordinal": "the {nth} of {month} {year}",
        "american": "{month} {day}, {year}",
        "american ordinal": "{month} {nth}, {year}",
        "british": "{day} {month} {year}",
        "year first": "{year}, {month} {day}",
        "short weekday": "{wkd} {day} {mon} {year}",
        "long weekday": "{weekday}, {month} {day}, {year}",
        "weekday ordinal": "{weekday} the {nth} of {month}, {year}",
        "hyphens": "{day}-{mon}-{year}",
        "slashes": "{day:02}/{mon}/{year}",
        "words": "the {word} of {month}, {year}",
        "capitals": "{day:02} {MON} {year}",
        "stamp": "{year} {mon} {day:02}",
        "counted": "day {day} of {month}, {year}",
    }
)
"""Ways of writing a date; each is a cell."""

LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "numbers": ("american", "british", "year first", "counted", "long weekday"),
        "short": ("short weekday", "hyphens", "slashes", "capitals", "stamp"),
        "ordinals": ("ordinal", "american ordinal", "weekday ordinal", "words"),
    }
)
"""Ways by level: the day as a number and the month in full, the month cut short, the day as an ordinal."""

FRAMES = (
    "{}",
    "{}",
    "The letter is dated {}.",
    "They married on {} in a small chapel.",
    "Deadline: {}",
    "Page 7, note 12: the ship left harbour on {}.",
)

FIRST = date(1900, 1, 1)
DAYS = (date(2099, 12, 31) - FIRST).days

ONLY_DATE = "the answer must be one date as YYYY-MM-DD and nothing else"

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class Dates:
    """Write a date of the years 1900 to 2099 as YYYY-MM-DD."""

    name = "dates"
    instruction = "Write the date in the text as YYYY-MM-DD."
    licence = "Apache-2.0"
    provenance = "Made by Burnish from random days and ways of writing them of its own."
    levels = tuple(LEVELS)

    def __init__(self, *, level: str = "", splits: str = "by task") -> None:
        self._splits = Splits(self.name, splits)
        self.shifted = self._splits.by_template
        of_level = {way for name in chosen_levels(self.name, level, self.levels) for way in LEVELS[name]}
        self._ways = tuple((name, way) for name, way in WAYS.items() if name in of_level)

    def form(self, task: Task) -> str:  # noqa: ARG002 (the Protocol's)
        """As the instruction has it."""
        return r"\d{4}-\d{2}-\d{2}"

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(level=level, splits=self._splits.way)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; now and then one comes twice."""
        rng, ways = random.Random(f"dates {split} {seed}"), self._splits.of(self._ways, split)
        while True:
            cell, way = rng.choice(ways)
            day = FIRST + timedelta(days=rng.randint(0, DAYS))
            prompt = rng.choice(FRAMES).format(_written(day, way))
            task = Task(environment=self.name, prompt=prompt, data={"date": day.isoformat()}, cell=cell)
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        """1 for the right date; otherwise the share of year, month and day that are right, never verified."""
        match = _ISO.fullmatch(answer.strip())
        if match is None:
            parts = dict.fromkeys(("year", "month", "day"), 0.0)
            return Feedback(0.0, verified=False, text=ONLY_DATE, parts=parts, status=Status.UNPARSABLE)
        expected = str(task.data["date"]).split("-")
        right = {
            part: given == wanted
            for part, given, wanted in zip(("year", "month", "day"), match.groups(), expected, strict=True)
        }
        return Feedback(
            reward=sum(right.values()) / 3,
            verified=all(right.values()),
            text="\n".join(f"the {part} must be the one in the text" for part, good in right.items() if not good),
            parts={part: float(good) for part, good in right.items()},
        )

    def solve(self, task: Task) -> str:
        """The date."""
        return str(task.data["date"])


def _written(day: date, way: str) -> str:
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    return way.format(
        day=day.day,
        month=month,
        mon=month[:3],
        MON=month[:3].upper(),
        year=day.year,
        weekday=weekday,
        wkd=weekday[:3],
        nth=f"{day.day}{_suffix(day.day)}",
        word=ORDINALS[day.day - 1],
    )


def _suffix(day: int) -> str:
    return "th" if day in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
