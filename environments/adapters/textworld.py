"""`tw:game`: text adventures of TextWorld."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from random import Random
from threading import Lock
from typing import Any, Self

from burnish.environments.adapters.levels import no_level
from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.textworld_play import TextWorldPlay
from burnish.environments.adapters.turns import turns_of
from burnish.environments.adapters.worlds import REFUSED, WORLDS
from burnish.environments.episodes import as_answer, replayed
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError, PluginError
from burnish.spelling import did_you_mean
from burnish.types import Feedback, Split, Task

USUAL_TURNS = 50
"""Actions of a play, unless an option says otherwise."""

MOST_FAILURES = 100
"""Worlds in a row that may come out without a quest."""

REMEMBERED = 256
"""Games that are kept rather than made anew."""

_MAKING = Lock()
"""The library reads its grammars into one place."""


class TextWorld:
    """Text adventures made from a seed, with a plan and a label for every step (TextWorld).

    `level` is how large the world and how long the quest is; `commands` says whether what can be done is listed;
    `max_turns` of 0 are the usual 50.
    """

    licence = "MIT"
    instruction = (
        "You play a text adventure and want to reach its goal. Give the next command, and nothing else, "
        "such as: go east, open the door of a cupboard as open cupboard, take key from table."
    )

    def __init__(self, target: str, *, level: str = "", commands: bool = True, max_turns: int = 0) -> None:
        if target in REFUSED:
            raise ConfigError(f'"tw:{target}" is not served: {REFUSED[target]}')
        if target not in WORLDS:
            raise ConfigError(f'there is no game "{target}" of TextWorld here; {did_you_mean(target, WORLDS)}')
        self._textworld = library("textworld", scheme="tw", extra="tw")
        self._world = WORLDS[target]
        self.levels: Sequence[str] = self._world.levels
        if level and level not in self.levels:
            raise no_level(f"tw:{target}", level, self.levels)
        self.name = f"tw:{target}"
        self.provenance = f'Made by the generator "{target}" of TextWorld.'
        self.max_turns = turns_of(self.name, "max_turns", max_turns, USUAL_TURNS)
        self._target, self._level, self._commands = target, level, commands
        self._games: OrderedDict[int, Any] = OrderedDict()
        outcome = guarded_call(lambda: self._game(0))
        if isinstance(outcome, Raised):
            raise PluginError(f'"{self.name}" cannot be made ({outcome}); install what it lacks')

    def at_level(self, level: str) -> Self:
        """The same kind of game at another level.

        Raises:
            ConfigError: there is no such level.

        """
        return type(self)(self._target, level=level, commands=self._commands, max_turns=self.max_turns)

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Games without end; those of other splits come in between."""
        rng = Random(f"{self.name} {self._level} {split} {seed}")
        cell = f"{self._target}/{self._level or self._world.usual}"
        failed = 0
        while failed <= MOST_FAILURES:
            own = rng.getrandbits(31)
            play = guarded_call(partial(self._play, own))
            if isinstance(play, Raised):  # no quest was found in this world
                failed += 1
            elif play.next_command() is not None:
                failed = 0
                yield Task(self.name, play.turn.observation, data={"seed": own}, cell=cell)

    def start(self, task: Task) -> TextWorldPlay:
        """A new play of the task."""
        play = self._play(int(str(task.data["seed"])))
        if play.turn.observation != task.prompt:
            raise PluginError(
                f'"{self.name}" now makes another game where this one was; judge it with the version of TextWorld, '
                f"the level and the options that posed it: {task.prompt[:60]!r}"
            )
        return play

    def score(self, task: Task, answer: str) -> Feedback:
        """The verdict on the commands, played again."""
        return replayed(self, task, answer)

    def solve(self, task: Task) -> str | None:
        """The library's plan; None where it is longer than an episode."""
        play = self.start(task)
        commands: list[str] = []
        while not play.turn.done and (command := play.next_command()) is not None:
            commands.append(command)
            play.step(command)
        return as_answer(commands) if play.feedback().verified else None

    def _play(self, seed: int) -> TextWorldPlay:
        return TextWorldPlay(self._game(seed), max_turns=self.max_turns, commands=self._commands)

    def _game(self, seed: int) -> Any:
        with _MAKING:
            if seed not in self._games:
                options = self._textworld.GameOptions()
                options.seeds = seed
                self._games[seed] = self._world.make(self._level or self._world.usual, options)
                if len(self._games) > REMEMBERED:
                    self._games.popitem(last=False)
            return self._games[seed]
