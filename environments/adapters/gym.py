"""`gym:id`, or `gym:package:id`: games of gymnasium as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import Parameter, signature
from random import Random
from types import MappingProxyType
from typing import Any, cast

from burnish.environments.adapters.blackjack import Blackjack
from burnish.environments.adapters.games import Game, Play, Start
from burnish.environments.adapters.grids import CliffWalking, FrozenLake, Taxi
from burnish.environments.adapters.levels import no_level
from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.own_games import OwnGame
from burnish.environments.adapters.turns import turns_of
from burnish.environments.episodes import as_answer, replayed
from burnish.environments.files import own_module
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError, PluginError
from burnish.spelling import did_you_mean, nearest
from burnish.types import Feedback, JsonValue, Split, Task

READY: Mapping[str, Callable[..., Game]] = MappingProxyType(
    {
        "Blackjack": Blackjack,
        "CliffWalking": CliffWalking,
        "CliffWalkingSlippery": CliffWalking,
        "FrozenLake": FrozenLake,
        "FrozenLake8x8": FrozenLake,
        "Taxi": Taxi,
    }
)
"""Games that are shown as text already, by id without version."""


class Gym:
    """Games as text, played turn by turn (gymnasium).

    Those of a package of its own are given as `gym:package:id`: it is imported first, and registers them.
    `arguments` are for `gymnasium.make`. A game that is not ready needs `render` and `parse`, each as
    path/to/file.py:name, see `OwnGame`; `goal` is for those. `max_turns` of 0 are the game's own.
    """

    licence = "MIT"
    # Only where the game has levels.
    levels: Sequence[str]
    at_level: Callable[[str], Gym]

    def __init__(
        self,
        target: str,
        *,
        level: str = "",
        arguments: dict[str, JsonValue] | None = None,
        render: str = "",
        parse: str = "",
        goal: float | None = None,
        max_turns: int = 0,
        instruction: str = "",
    ) -> None:
        gymnasium = library("gymnasium", scheme="gym", extra="gym")
        self.name = f"gym:{target}"
        self.provenance = f"Played in {target} of gymnasium."
        self._target = target
        package, colon, target = target.rpartition(":")
        if colon:
            own_module(package, f'"{self.name}"')
        _check_id(gymnasium, target)
        _check_arguments(gymnasium, target, arguments)
        _check_goal(self.name, goal, ready=not (render or parse) and _stem(target) in READY)
        own = {"render": render, "parse": parse, "goal": goal} if render or parse else {}
        game = _game(gymnasium, target, arguments or {}, own)
        if level and level not in game.levels:
            raise no_level(self.name, level, game.levels)
        if game.levels:
            self.levels, self.at_level = game.levels, self._at_level
        self.instruction = instruction or game.instruction
        self.max_turns = game.max_turns = turns_of(self.name, "max_turns", max_turns, game.max_turns)
        self._game = game
        self._level = level
        self._options: dict[str, Any] = {
            "arguments": arguments,
            "render": render,
            "parse": parse,
            "goal": goal,
            "max_turns": max_turns,
            "instruction": instruction,
        }
        _check_start(self.name, game, level)

    def _at_level(self, level: str) -> Gym:
        """The same game at another level; a `ConfigError` when there is no such level."""
        return type(self)(self._target, level=level, **self._options)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Starts of the game; the prompt is what is shown first."""
        for start, cell in self._game.starts(self._level, Random(f"{self.name} {split} {seed}")):
            play = Play(self._game, start)
            task = Task(self.name, play.turn.observation, data=start, cell=cell)
            play.close()
            if task.split == split:
                yield task

    def start(self, task: Task) -> Play:
        """A new play of the task."""
        return Play(self._game, cast("Start", dict(task.data)))

    def score(self, task: Task, answer: str) -> Feedback:
        """The verdict on the actions, played again."""
        return replayed(self, task, answer)

    def form(self, task: Task) -> str:  # noqa: ARG002 (the Protocol's)
        """One of the actions that the game names."""
        return "|".join(self._game.actions)

    def solve(self, task: Task) -> str | None:
        """The actions of best play; None where it is not known, or the ice too slippery for it."""
        play = self.start(task)
        actions: list[str] = []
        while not play.turn.done and (action := self._game.best(play)) is not None:
            actions.append(action)
            play.step(action)
        play.close()
        return as_answer(actions) if play.feedback().verified else None


def _check_id(gymnasium: Any, target: str) -> None:
    outcome = guarded_call(lambda: gymnasium.spec(target))
    if isinstance(outcome, Raised):
        known = [name for name in gymnasium.registry if "/" not in name]
        ready = [name for name in known if _stem(name) in READY]
        others = f"ready are {', '.join(ready)}, and `gymnasium.pprint_registry()` prints all"
        raise ConfigError(f'gymnasium has no game "{target}"; {nearest(target, known, otherwise=others)}')


def _check_arguments(gymnasium: Any, target: str, arguments: object) -> None:
    """Raise a `ConfigError` unless they are an object of what the game can be made with, or none are given."""
    if arguments is None:
        return
    if not isinstance(arguments, Mapping):
        raise ConfigError(
            f'"gym:{target}": arguments is {arguments!r:.60}; give an object, as arguments.is_slippery=true '
            "or 'arguments={is_slippery=true}' on the command line"
        )
    registration = library("gymnasium.envs.registration", scheme="gym", extra="gym")
    maker = guarded_call(lambda: registration.load_env_creator(gymnasium.spec(target).entry_point))
    if isinstance(maker, Raised):
        return  # the game cannot be made at all, which is said when it is tried
    taken = signature(maker).parameters.values()
    if any(one.kind is Parameter.VAR_KEYWORD for one in taken):
        return
    known = {one.name for one in taken} | {"max_episode_steps"}
    for name in arguments:
        if name not in known:
            raise ConfigError(f'"gym:{target}" takes no argument "{name}"; {did_you_mean(name, known)}')


def _check_goal(name: str, goal: float | None, *, ready: bool) -> None:
    """Raise a `ConfigError` for a goal that no sum of rewards can reach, or one of a game that has its own."""
    if goal is None:
        return
    if ready:
        raise ConfigError(
            f'"{name}" has a goal of its own; leave out `goal`, which is for games with `render` and `parse`'
        )
    if not math.isfinite(goal):
        raise ConfigError(
            f'"{name}": goal is {goal}; give the finite number to which the rewards of a play must add up'
        )


def _game(gymnasium: Any, target: str, arguments: Mapping[str, JsonValue], own: Mapping[str, Any]) -> Game:
    if own:
        return OwnGame(gymnasium, target, arguments, **own)
    if _stem(target) not in READY:
        raise ConfigError(
            f'"gym:{target}" needs the options `render` and `parse`, each a function as path/to/file.py:name: '
            "`render(observation, environment)` returns the text to show, `parse(text)` the action, or None"
        )
    return READY[_stem(target)](gymnasium, target, arguments)


def _stem(target: str) -> str:
    return re.sub(r"-v\d+$", "", target)


def _check_start(name: str, game: Game, level: str) -> None:
    """Whether the game can be begun at all.

    Raises:
        PluginError: it cannot; the message holds what the library says is missing.

    """
    outcome = guarded_call(lambda: Play(game, next(game.starts(level, Random(0)))[0]))
    if isinstance(outcome, Raised):
        raise PluginError(f'"{name}" cannot be played ({outcome}); install or give what it lacks')
    outcome.close()
