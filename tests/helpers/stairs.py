"""An episodic environment for tests: go from one floor to another, and say so at the end."""

from __future__ import annotations

import random
from collections.abc import Iterator

from burnish.environments.episodes import as_answer, replayed
from burnish.protocols import Seed, Turn
from burnish.types import Feedback, JsonValue, Split, Task


def right_action(observation: str) -> str:
    """What is right in a situation."""
    words = observation.split()
    floor, goal = int(words[4]), int(words[-1].rstrip("."))
    return "stop" if floor == goal else "up" if floor < goal else "down"


class Lift:
    """One ride."""

    def __init__(self, house: str, floor: int, goal: int) -> None:
        self._house, self._floor, self._goal = house, floor, goal
        self._labels: list[int] = []
        self.turn = Turn(self._view())

    def step(self, action: str) -> Turn:
        right = action == right_action(self._view())
        self._floor += {"up": 1, "down": -1}.get(action, 0)
        self._labels.append(1 if right else -1)
        self.turn = Turn(self._view(), done=action == "stop", label=self._labels[-1])
        return self.turn

    def feedback(self) -> Feedback:
        verified = self.turn.done and self._floor == self._goal
        reward = 1.0 if verified else 0.5 * (self._floor == self._goal)
        return Feedback(reward, verified, "" if verified else "stop at the goal", steps=tuple(self._labels))

    def _view(self) -> str:
        where = f"on floor {self._floor} of 30 at minute {len(self._labels)}"
        return f"{self._house}: {where}, the goal is floor {self._goal}."


class Stairs:
    """Ride from floor to floor; the observation says all."""

    name = "stairs"
    instruction = "Answer up, down or stop."
    max_turns = 6

    def __init__(self, *, drift: bool = False, seed: str = "") -> None:
        self._drift = drift
        self._seed = seed

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        rng = random.Random(f"stairs {split} {seed}")
        while True:
            house, floor = f"House {rng.randint(1, 999)}", rng.randint(3, 27)
            task = self._task(house, floor, floor + rng.choice((-2, -1, 1, 2)))
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        return replayed(self, task, answer)

    def start(self, task: Task) -> Lift:
        house = f"House {random.random()}" if self._drift else str(task.data["house"])
        return Lift(house, int(str(task.data["floor"])), int(str(task.data["goal"])))

    def seeds(self) -> list[Seed]:
        train = self.tasks("train", 99)
        task = next(self.tasks("test", 99)) if self._seed == "test" else next(train)
        floor, goal = int(str(task.data["floor"])), int(str(task.data["goal"]))
        actions = ["up" if floor < goal else "down"] * abs(goal - floor) + ["stop"]
        return [Seed(task, as_answer(actions[:1] if self._seed == "wrong" else actions))] if self._seed else []

    def _task(self, house: str, floor: int, goal: int) -> Task:
        data: dict[str, JsonValue] = {"house": house, "floor": floor, "goal": goal}
        cell = "up" if goal > floor else "down"
        return Task(self.name, Lift(house, floor, goal).turn.observation, data=data, cell=cell)
