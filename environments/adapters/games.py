"""Games of gymnasium as text: what every one of them must say, and one play of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Protocol, TypeAlias, cast

from burnish.environments.adapters.answers import final_answer
from burnish.protocols import Turn
from burnish.types import Feedback, JsonValue

Start: TypeAlias = "dict[str, JsonValue]"
"""What makes a task: as much as is needed to begin it anew."""

NO_ACTION = "That was no action."

LONGEST_ACTION = 1_000
"""Characters of an action that are looked at."""


class Game(Protocol):
    """A game that can be shown as text; `levels` may be empty."""

    instruction: str
    max_turns: int
    levels: Sequence[str]

    @property
    def actions(self) -> Mapping[str, int]:
        """By name; empty where actions have none."""
        ...

    def starts(self, level: str, rng: Random) -> Iterator[tuple[Start, str]]:
        """What tasks begin with, and their cells; the same generator gives the same sequence."""
        ...

    def begin(self, start: Start) -> tuple[Any, Any]:
        """The library's environment at this start, and what it shows."""
        ...

    def show(self, play: Play) -> str:
        """All that is to be known to act."""
        ...

    def read(self, play: Play, text: str) -> Any:
        """The action a text names, None where it names none or more than one."""
        ...

    def label(self, play: Play, action: Any) -> int:
        """What the action is worth here, see `Turn`."""
        ...

    def best(self, play: Play) -> str | None:
        """The best action here in words, if it is known."""
        ...

    def verdict(self, play: Play) -> Feedback:
        """The verdict on a play, but for the labels."""
        ...


class Play:
    """One play of a game (an `Episode`). `rewards` are the library's, one for each action that was one."""

    def __init__(self, game: Game, start: Start) -> None:
        self.game = game
        self.start = start
        self.environment, self.observation = game.begin(start)
        self.first = self.observation
        self.rewards: list[float] = []
        self.labels: list[int] = []
        self.terminated = self.truncated = False
        self._most = min(game.max_turns, cast("int", start.get("moves", game.max_turns)))
        self.turn = Turn(game.show(self))

    @property
    def left(self) -> int:
        """Turns that are left; a start may allow fewer than the game."""
        return self._most - len(self.labels)

    def step(self, action: str) -> Turn:
        """Act; a text that names no action changes nothing but uses up a turn."""
        if self.turn.done:
            return self.turn
        found = self.game.read(self, action)
        label, note, ended = -1, f"{NO_ACTION}\n", False
        if found is not None:
            label, note = self.game.label(self, found), ""
            self.observation, reward, self.terminated, self.truncated, _ = self.environment.step(found)
            self.rewards.append(float(reward))
            ended = bool(self.terminated or self.truncated)
        self.labels.append(label)
        done = ended or self.left <= 0
        self.turn = Turn(note + self.game.show(self), done=done, label=label)
        return self.turn

    def feedback(self) -> Feedback:
        """The game's verdict on the actions so far."""
        verdict = self.game.verdict(self)
        return Feedback(verdict.reward, verdict.verified, verdict.text, steps=tuple(self.labels))

    def close(self) -> None:
        """Give back what the library holds."""
        self.environment.close()


def named_action(text: str, actions: Mapping[str, int]) -> int | None:
    """The one action whose name or number a text holds."""
    if len(text) > LONGEST_ACTION:
        return None
    found = final_answer(text).casefold()
    if found.isascii() and found.isdigit():
        return int(found) if len(found) < 3 and int(found) in actions.values() else None
    named = {actions[word] for word in re.findall(r"[a-z]+", found) if word in actions}
    return named.pop() if len(named) == 1 else None
