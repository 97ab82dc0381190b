"""One play of a task through the boundary: whatever the environment does, the play goes on or ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self, cast

from burnish.environments.episodes import close
from burnish.environments.verdicts import storable
from burnish.protocols import Episode, Turn
from burnish.types import canonical_text

Call = Callable[[Callable[[], object]], Awaitable[object]]
"""Calls a method of the environment within its time limit; what it came to, or a mark of its failure."""


class Play:
    """A play that the environment's failures end: the verdict on its actions then tells what went wrong."""

    def __init__(self, episode: Episode, call: Call, *, turn: Turn, most: int, told: str = "") -> None:
        self.turn = _told(turn, told)
        """What the episode shows now, in plain values, and what the task says, if that is `told` besides."""
        self._told = told
        self._episode = episode
        self._call = call
        self._left = most

    @classmethod
    def of(cls, episode: object, call: Call, *, most: int, prompt: str = "") -> Self | None:
        """A play of what `start` returned, None when that is no episode. The `prompt` of its task is told with every
        observation, unless the first one says it: a player knows nothing else of the task.
        """
        turn = _sound(getattr(episode, "turn", None))
        if turn is None or not callable(getattr(episode, "step", None)):
            return None
        says, asked = canonical_text(turn.observation), canonical_text(prompt)
        told = "" if asked in says or (says and says in asked) else prompt.strip()
        return cls(cast("Episode", episode), call, turn=turn, most=most, told=told)

    @property
    def over(self) -> bool:
        """Whether no further action is wanted."""
        return self.turn.done or self._left <= 0

    async def step(self, action: str) -> None:
        """Act; `turn` is then what came of it."""
        self._left -= 1
        turn = _sound(await self._call(lambda: self._episode.step(action)))
        if turn is None:
            self._left = 0
            self.turn = Turn(self.turn.observation, done=True)
            return
        self.turn = _told(turn, self._told)

    async def close(self) -> None:
        """Let the episode give back what it holds."""
        await self._call(lambda: close(self._episode))


def _told(turn: Turn, told: str) -> Turn:
    return Turn(f"{told}\n\n{turn.observation}".strip(), done=turn.done, label=turn.label) if told else turn


def _sound(turn: object) -> Turn | None:
    """The turn in plain values; None when it is none."""
    if not isinstance(turn, Turn):
        return None
    observation: object = turn.observation
    if not isinstance(observation, str) or turn.label not in {-1, 0, 1}:
        return None
    return Turn(storable(observation), done=bool(turn.done), label=int(turn.label))
