"""Any game of gymnasium, shown and read by functions of the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any

from burnish.environments.adapters.functions import function
from burnish.environments.adapters.games import Play, Start
from burnish.environments.adapters.verdict import RIGHT, wrong
from burnish.types import Feedback, JsonValue

NOT_SOLVED = "the play did not come to its goal"


class OwnGame:
    """A game whose starts are seeds; `render(observation, environment)` shows it, `parse(text)` reads an action.

    With a `goal` a play is solved when its rewards add up to that, else when the library ends it of itself.
    """

    levels: Sequence[str] = ()
    actions: Mapping[str, int] = MappingProxyType({})
    instruction = "You play a game. Give one action in the form that the text asks for."

    def __init__(
        self,
        gymnasium: Any,
        spec: str,
        arguments: Mapping[str, JsonValue],
        *,
        render: str,
        parse: str,
        goal: float | None,
    ) -> None:
        self._gymnasium = gymnasium
        self._spec = spec
        self._arguments = dict(arguments)
        self._render = function(render, option="render")
        self._parse = function(parse, option="parse")
        self._goal = goal
        self.max_turns = gymnasium.spec(spec).max_episode_steps or 100

    def starts(self, level: str, rng: Random) -> Iterator[tuple[Start, str]]:
        del level
        while True:
            yield {"seed": rng.getrandbits(31)}, ""

    def begin(self, start: Start) -> tuple[Any, Any]:
        environment = self._gymnasium.make(self._spec, disable_env_checker=True, **self._arguments)
        observation, _ = environment.reset(seed=start["seed"])
        return environment, observation

    def show(self, play: Play) -> str:
        shown = self._render(play.observation, play.environment)
        if not isinstance(shown, str):
            raise TypeError(f"render returned {type(shown).__name__}, not text")
        return shown

    def read(self, play: Play, text: str) -> Any:
        action = self._parse(text)
        return action if action is not None and play.environment.action_space.contains(action) else None

    def label(self, _play: Play, _action: Any) -> int:
        return 0

    def best(self, _play: Play) -> str | None:
        return None

    def verdict(self, play: Play) -> Feedback:
        total = sum(play.rewards)
        ended = play.terminated or play.truncated or len(play.rewards) >= self.max_turns
        # No rewards yet would reach a goal that is not above 0.
        reached = self._goal is not None and total >= self._goal and (ended or self._goal > 0)
        if reached or (self._goal is None and play.terminated):
            return RIGHT
        share = total / self._goal if self._goal and self._goal > 0 else 0.0
        return wrong(NOT_SOLVED, min(0.99, max(0.0, share)))
