"""Grid: a small world drawn as text, walked step by step to a goal, with walls, a key and a door."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Self

from burnish.environments.built_in.floorplan import (
    DOOR,
    FREE,
    GOAL,
    KEY,
    MOVES,
    WALL,
    YOU,
    FloorPlan,
    Place,
    framed,
    way,
)
from burnish.environments.built_in.levels import chosen_levels
from burnish.environments.episodes import as_answer, replayed
from burnish.protocols import Turn
from burnish.types import Feedback, JsonValue, Split, Status, Task

MAX_TURNS = 40
LONGEST_PLAN = 18
SHORTEST_PLAN = 3

ONLY_ACTION = "answer with one of the legal actions and nothing else"
NO_BUMPS = "choose only actions that are listed as legal"
NO_DETOURS = "every action must bring you nearer to the goal, by way of the key where the door is locked"
REACH_IT = "go on until you stand on the goal"

LEGEND = f"{YOU} you, {GOAL} goal, {WALL} wall, {FREE} free"
KEY_LEGEND = f"{LEGEND}, {KEY} key, {DOOR} door"


def _open(rng: random.Random) -> FloorPlan:
    return _furnished(rng, walls=0.0)


def _walls(rng: random.Random) -> FloorPlan:
    while True:
        plan = _furnished(rng, walls=0.3)
        goal = plan.find(GOAL)
        assert goal is not None
        straight = abs(goal[0] - plan.start.row) + abs(goal[1] - plan.start.column)
        if len(plan.plan(plan.start) or ()) > straight:
            return plan


def _furnished(rng: random.Random, *, walls: float) -> FloorPlan:
    height, width = rng.randint(3, 7), rng.randint(3, 7)
    inside = [[WALL if rng.random() < walls else FREE for _ in range(width)] for _ in range(height)]
    for sign, (row, column) in zip((YOU, GOAL), _spots(rng, range(height), range(width), 2), strict=True):
        inside[row][column] = sign
    return framed(inside)


def _key_and_door(rng: random.Random) -> FloorPlan:
    """Two rooms with a wall between them, side by side or one above the other."""
    height, width = rng.randint(3, 5), rng.randint(5, 7)
    parting = rng.randint(2, width - 2)
    inside = [[WALL if column == parting else FREE for column in range(width)] for _ in range(height)]
    inside[rng.randrange(height)][parting] = DOOR
    for sign, (row, column) in zip((YOU, KEY), _spots(rng, range(height), range(parting), 2), strict=True):
        inside[row][column] = sign
    ((row, column),) = _spots(rng, range(height), range(parting + 1, width), 1)
    inside[row][column] = GOAL
    if rng.random() < 0.5:
        inside = [row[::-1] for row in inside]
    if rng.random() < 0.5:
        inside = [list(column) for column in zip(*inside, strict=True)]
    return framed(inside)


def _spots(rng: random.Random, rows: range, columns: range, count: int) -> list[tuple[int, int]]:
    return rng.sample([(row, column) for row in rows for column in columns], count)


PLANS: Mapping[str, Callable[[random.Random], FloorPlan]] = MappingProxyType(
    {"open": _open, "walls": _walls, "key and door": _key_and_door}
)
"""How a floor plan is drawn, by level, from easy to hard."""


class GridEpisode:
    """One walk."""

    def __init__(self, plan: FloorPlan) -> None:
        self._plan = plan
        self._place = plan.start
        self._distance = self._fewest = len(plan.plan(self._place) or ())
        self._labels: list[int] = []
        self._unread = self._bumps = 0
        self.turn = Turn(observation(plan, self._place))

    def step(self, action: str) -> Turn:
        """Move; an action that is not legal leads nowhere and is wrong. After the end nothing happens."""
        if self.turn.done:
            return self.turn
        wanted = action.strip()
        place = self._plan.moved(self._place, wanted)
        label = -1
        if place is not None:
            distance = len(self._plan.plan(place) or ())
            label = (distance < self._distance) - (distance > self._distance)
            self._place, self._distance = place, distance
        self._unread += wanted not in MOVES
        self._bumps += place is None and wanted in MOVES
        self._labels.append(label)
        done = self._plan.at_goal(self._place) or len(self._labels) >= MAX_TURNS
        said = "" if place is not None else "Nothing happens: that is not a legal action.\n"
        self.turn = Turn(said + observation(self._plan, self._place), done=done, label=label)
        return self.turn

    def feedback(self) -> Feedback:
        """1 at the goal with the fewest actions; with more, fewest to taken; short of it, the share of the way made."""
        arrived, taken = self._plan.at_goal(self._place), len(self._labels)
        verified = arrived and taken == self._fewest
        reward = 1.0 if verified else self._fewest / taken if arrived else self._behind
        unread = bool(self._labels) and self._unread == len(self._labels)
        return Feedback(
            reward=reward,
            verified=verified,
            text="" if verified else "\n".join(self._problems(arrived=arrived)),
            parts={"goal": float(arrived), "way": 1.0 if arrived else self._behind},
            steps=tuple(self._labels),
            status=Status.UNPARSABLE if unread or not self._labels else Status.OK,
        )

    @property
    def _behind(self) -> float:
        return max(0.0, 1 - self._distance / self._fewest)

    def _problems(self, *, arrived: bool) -> Iterator[str]:
        if self._unread or not self._labels:
            yield ONLY_ACTION
        if self._bumps:
            yield NO_BUMPS
        if len(self._labels) > self._bumps + self._unread + self._labels.count(1):
            yield NO_DETOURS
        if not arrived:
            yield REACH_IT


class Grid:
    """Walk to the goal of a small grid world by a shortest way, one action a turn.

    On level "open" nothing is in the way, on "walls" the straight way is blocked, and on "key and door" a wall with a
    locked door parts you and the key from the goal. An episode is verified when it ends on the goal after the fewest
    actions there can be, found breadth first.
    """

    name = "grid"
    instruction = "Walk to the goal G. Answer with one legal action."
    licence = "Apache-2.0"
    provenance = "Made by Burnish: floor plans drawn at random and kept when the goal can be reached."
    max_turns = MAX_TURNS
    levels = tuple(PLANS)

    def __init__(self, *, level: str = "") -> None:
        self._levels = chosen_levels(self.name, level, self.levels)

    def at_level(self, level: str) -> Self:
        """The same environment on one level."""
        return type(self)(level=level)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks of `split` without end; the open ones come again after some thousands."""
        rng = random.Random(f"grid {split} {seed}")
        while True:
            level = rng.choice(self._levels)
            plan = PLANS[level](rng)
            prompt = observation(plan, plan.start)
            data: dict[str, JsonValue] = {"rows": list(plan.rows)}
            task = Task(self.name, prompt, data=data, cell=level)
            if task.split == split and SHORTEST_PLAN <= len(plan.plan(plan.start) or ()) <= LONGEST_PLAN:
                yield task

    def start(self, task: Task) -> GridEpisode:
        """A new walk."""
        return GridEpisode(floor_plan(task))

    def score(self, task: Task, answer: str) -> Feedback:
        """The verdict on the actions of an answer, played again."""
        return replayed(self, task, answer)

    def solve(self, task: Task) -> str:
        """A shortest plan."""
        plan = floor_plan(task)
        return as_answer(plan.plan(plan.start) or ())

    def form(self, task: Task) -> str:  # noqa: ARG002 (the Protocol's)
        """One of the actions."""
        return "|".join(MOVES)


def floor_plan(task: Task) -> FloorPlan:
    """The floor plan of a task."""
    rows = task.data["rows"]
    assert isinstance(rows, list)
    return FloorPlan(tuple(str(row) for row in rows))


def observation(plan: FloorPlan, place: Place) -> str:
    """The map and, in words, where everything lies, what is carried and which actions are legal."""
    key, door, goal = plan.find(KEY), plan.find(DOOR), plan.find(GOAL)
    assert goal is not None
    lines = [plan.drawn(place), KEY_LEGEND if key else LEGEND]
    if key and door:
        lines.append("You carry the key." if place.key else f"The key is {way(place.row, place.column, key)}.")
        lines.append(f"The door is {way(place.row, place.column, door)}{'' if place.key else ', locked'}.")
    lines.append(f"The goal is {way(place.row, place.column, goal)}.")
    lines.append(f"Legal actions: {', '.join(plan.legal(place))}")
    return "\n".join(lines)
