"""The world of the grid: a floor plan as text, moves on it, and how far the goal is."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

MOVES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
)
"""Actions, each with what it adds to row and column."""

YOU, KEY, DOOR, GOAL, WALL, FREE = "AKDG#."


@dataclass(frozen=True)
class Place:
    """Where someone stands, and whether they carry the key."""

    row: int
    column: int
    key: bool = False


@dataclass(frozen=True)
class FloorPlan:
    """Rows of the signs above. The key lies where `K` is until someone steps there; the door opens to who carries it.

    The outermost rows and columns are walls.
    """

    rows: tuple[str, ...]

    def find(self, sign: str) -> tuple[int, int] | None:
        """Row and column of a sign, from the top left; None where there is none."""
        for row, line in enumerate(self.rows):
            if sign in line:
                return row, line.index(sign)
        return None

    @property
    def start(self) -> Place:
        """Where `A` stands."""
        row, column = self.find(YOU) or (0, 0)
        return Place(row, column)

    def moved(self, place: Place, action: str) -> Place | None:
        """Where an action leads, None when a wall or the locked door is in the way or there is no such action."""
        if action not in MOVES:
            return None
        row, column = place.row + MOVES[action][0], place.column + MOVES[action][1]
        sign = self.rows[row][column]
        if sign == WALL or (sign == DOOR and not place.key):
            return None
        return Place(row, column, key=place.key or sign == KEY)

    def legal(self, place: Place) -> list[str]:
        """The actions that lead somewhere."""
        return [action for action in MOVES if self.moved(place, action)]

    def at_goal(self, place: Place) -> bool:
        return (place.row, place.column) == self.find(GOAL)

    def plan(self, place: Place) -> list[str] | None:
        """A shortest way to the goal, found breadth first; None when there is none."""
        waiting = deque([place])
        came: dict[Place, tuple[Place, str] | None] = {place: None}
        while waiting:
            here = waiting.popleft()
            if self.at_goal(here):
                return _traced(came, here)
            for action in MOVES:
                there = self.moved(here, action)
                if there is not None and there not in came:
                    came[there] = here, action
                    waiting.append(there)
        return None

    def drawn(self, place: Place) -> str:
        """The plan as text, with `A` where someone stands and no key once they carry it."""
        signs = [[FREE if sign == YOU or (sign == KEY and place.key) else sign for sign in row] for row in self.rows]
        signs[place.row][place.column] = YOU
        return "\n".join("".join(row) for row in signs)


def way(row: int, column: int, target: tuple[int, int]) -> str:
    """How a target lies from a cell, such as "2 down, 1 left"."""
    down, right = target[0] - row, target[1] - column
    vertical = f"{abs(down)} {'down' if down > 0 else 'up'}" if down else ""
    horizontal = f"{abs(right)} {'right' if right > 0 else 'left'}" if right else ""
    return ", ".join(part for part in (vertical, horizontal) if part) or "here"


def _traced(came: Mapping[Place, tuple[Place, str] | None], end: Place) -> list[str]:
    actions: list[str] = []
    step = came[end]
    while step is not None:
        actions.append(step[1])
        step = came[step[0]]
    return actions[::-1]


def framed(inside: Sequence[Sequence[str]]) -> FloorPlan:
    """A floor plan with walls around it."""
    width = len(inside[0]) + 2
    return FloorPlan((WALL * width, *(f"{WALL}{''.join(row)}{WALL}" for row in inside), WALL * width))
