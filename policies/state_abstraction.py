"""What a situation has in common with others: the clusters over which values are learned.

An observation is reduced to words, with small numbers only, and, where it draws a map, to what lies around the one who
moves and in which direction everything lies that is there once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Self, TypeAlias

Drawing: TypeAlias = tuple[str, ...]

_NUMBER = re.compile(r"[0-9]+")
_WORDS = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}(?:\s|[.,:;!?]|$)")
MANY = 3
"""Numbers from here on count as one."""
REMEMBERED = 10_000
"""Characters of the longest observation whose drawing is remembered."""
SIDES = ((-1, 0), (0, 1), (1, 0), (0, -1))


@dataclass(frozen=True)
class StateAbstraction:
    """Reads observations of one environment; `mover` is the sign that stands for who moves, empty where none does."""

    mover: str

    @classmethod
    def fit(cls, episodes: Iterable[Sequence[str]]) -> Self:
        """From the observations of episodes in order: the mover is the sign, once in each drawing, that moves most."""
        moved: Counter[str] = Counter()
        for episode in episodes:
            for before, after in pairwise(map(drawing_of, episode)):
                moved.update(s for s, place in _single(before).items() if _single(after).get(s, place) != place)
        return cls(min(moved, key=lambda sign: (-moved[sign], sign), default=""))

    def keys(self, observation: str) -> tuple[str, ...]:
        """Names of the clusters an observation is in, from the narrowest to the widest."""
        said = " ".join(_words(observation))
        drawing = drawing_of(observation)
        places = dict(_single(drawing))
        if self.mover not in places:
            return (said,)
        row, column = places.pop(self.mover)
        beside = "".join(_at(drawing, row + down, column + right) for down, right in SIDES)
        bearings = " ".join(f"{s}{_sign(r - row)}{_sign(c - column)}" for s, (r, c) in sorted(places.items()))
        return (f"{said}|{beside}|{bearings}", f"{beside}|{bearings}", bearings)


def drawing_of(observation: str) -> Drawing:
    """The first lines of equal length without a space, two at least; empty where nothing is drawn."""
    return _drawing(observation) if len(observation) <= REMEMBERED else _drawing.__wrapped__(observation)


@lru_cache(maxsize=4096)
def _drawing(observation: str) -> Drawing:
    lines = observation.split("\n")
    runs = (tuple(run) for drawn, run in groupby(lines, key=lambda line: len(line) * _drawn(line)) if drawn)
    return next((run for run in runs if len(run) > 1), ())


def _drawn(line: str) -> bool:
    return len(line) > 1 and line.split() == [line]


def _single(drawing: Drawing) -> Mapping[str, tuple[int, int]]:
    """Where the signs lie that a drawing holds once."""
    return _signs(drawing) if sum(map(len, drawing)) <= REMEMBERED else _signs.__wrapped__(drawing)


@lru_cache(maxsize=4096)
def _signs(drawing: Drawing) -> Mapping[str, tuple[int, int]]:
    counts = Counter("".join(drawing))
    return {s: (r, c) for r, line in enumerate(drawing) for c, s in enumerate(line) if counts[s] == 1}


def _words(observation: str) -> list[str]:
    """The lines in words, numbers from `MANY` on made one."""
    lines = [line for line in observation.split("\n") if _WORDS.search(line)]
    return [_NUMBER.sub(lambda m: m[0] if _value(m[0]) < MANY else "many", line) for line in lines]


def _value(digits: str) -> int:
    """A number, of a long one its beginning: Python reads none of thousands of digits."""
    return int(digits.lstrip("0")[:9] or "0")


def _at(drawing: Drawing, row: int, column: int) -> str:
    inside = 0 <= row < len(drawing) and 0 <= column < len(drawing[row])
    return drawing[row][column] if inside else " "


def _sign(number: int) -> str:
    return "-" if number < 0 else "+" if number > 0 else "0"
