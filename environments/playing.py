"""One play of a task through the boundary: whatever the environment does, the play goes on or ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self, cast

from burnish.environments.episodes import close
from burnish.environments.verdicts import storable
from burnish.protocols import Episode, Turn

Call = Callable[[Callable[[], object]], Awaitable[object]]
"""Calls a method of the environment within its time limit; what it came to, or a mark of its failure."""


class Play:
    """A play that the environment's failures end: the verdict on its actions then tells what went wrong."""

    def __init__(self, episode: Episode, call: Call, *, turn: Turn, most: int) -> None:
        self.turn = turn
        """What the episode shows now, in plain values."""
        self._episode = episode
        self._call = call
        self._left = most

    @classmethod
    def of(cls, episode: object, call: Call, *, most: int) -> Self | None:
        """A play of what `start` returned, None when that is no episode."""
        turn = _sound(getattr(episode, "turn", None))
        if turn is None or not callable(getattr(episode, "step", None)):
            return None
        return cls(cast("Episode", episode), call, turn=turn, most=most)

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
            turn = Turn(self.turn.observation, done=True)
        self.turn = turn

    async def close(self) -> None:
        """Let the episode give back what it holds."""
        await self._call(lambda: close(self._episode))


def _sound(turn: object) -> Turn | None:
    """The turn in plain values; None when it is none."""
    if not isinstance(turn, Turn):
        return None
    observation: object = turn.observation
    if not isinstance(observation, str) or turn.label not in {-1, 0, 1}:
        return None
    return Turn(storable(observation), done=bool(turn.done), label=int(turn.label))
