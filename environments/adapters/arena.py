"""`ta:game`: single-player games of TextArena, each played in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from burnish.environments.adapters.arena_link import Host, Play
from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.library_options import listed
from burnish.environments.adapters.turns import turns_of
from burnish.environments.episodes import replayed
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.protocols import Turn
from burnish.types import Feedback, JsonValue, Split, Status, Task

SCHEME = "ta"

MOST_TURNS = 60
"""Actions of a play by default, where the game has no limit of its own, or a higher one."""

LONGEST_ACTION = 2_000
"""Characters of an action that the game is given."""

DRY = 100
"""Seeds in a row that lead to games already posed, after which there are no more tasks."""

PLAY_ON = "play on until the game has ended"
KEEP_TO_RULES = "an invalid move ends the game: keep to the form of actions and to the rules that the game states"
NOT_WON = "the goal of the game was not reached in full"
NO_ACTIONS = "answer with the actions of the game"


class TextArena:
    """Single-player games of TextArena, each played in a process of its own.

    `target` is a game such as `Mastermind-v0`; `turns` limits the actions of a play, 0 meaning the game's own limit,
    at most 60; further options are those of the game. A task is a game that a seed leads to, and its reward what the
    game pays at its end, or how near the goal was when the turns were used up.
    """

    def __init__(self, target: str, *, turns: int = 0, **options: JsonValue) -> None:
        if find_spec("textarena") is None:  # the process of the game imports it
            library("textarena", scheme=SCHEME, extra=SCHEME)
        self.name = f"{SCHEME}:{target}"
        self.instruction = (
            "Play the game by its rules. Answer with your next action alone, in the form that the game asks for."
        )
        self._options = options
        self._host = Host(target, options)
        self.licence = "MIT"
        self.provenance = f"The game {target} of textarena {self._host.version}, begun from seeds."
        try:
            self.max_turns = turns_of(self.name, "turns", turns, self._limit())
        except BurnishError:
            self.close()
            raise

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Games of `split`, each once; many games have no end of them, some have a few dozen."""
        rng = random.Random(f"{self.name} {split} {seed}")
        seen: set[str] = set()
        dry = 0
        while dry < DRY:
            task = self._task(rng.randrange(2**31))
            dry = dry + 1 if task.id in seen else 0
            if not dry and task.split == split:
                yield task
            seen.add(task.id)

    def score(self, task: Task, answer: str) -> Feedback:
        """The verdict on actions, which are played again in a new process."""
        return replayed(self, task, answer)

    def start(self, task: Task) -> ArenaEpisode:
        """A new play, in a process of its own; the same actions always lead to the same turns."""
        seed = task.data["seed"]
        assert isinstance(seed, int)
        return ArenaEpisode(self._host.play(seed), mark=str(task.data["mark"]))

    def close(self) -> None:
        """End the process that begins plays; being forgotten does it too."""
        self._host.close()

    def _task(self, seed: int) -> Task:
        with self._host.play(seed) as play:
            opening = play.opening
        mark = str(opening["mark"])
        # Many games open with the same words, so the mark tells one from another; it cannot be turned back.
        prompt = f"{str(opening['observation']).strip()}\n\nGame {mark}"
        game = self.name.partition(":")[2]
        return Task(self.name, prompt, data={"seed": seed, "mark": mark}, cell=game)

    def _limit(self) -> int:
        """Twice the game's own limit, as an invalid move does not count there, but no more than `MOST_TURNS`."""
        marks: set[JsonValue] = set()
        limit: JsonValue = None
        for seed in range(8):
            with self._host.play(seed) as play:
                marks.add(play.opening["mark"])
                limit = play.opening["limit"]
        if len(marks) == 1:
            cause = f"likely because of {listed(self._options)}; give another value" if self._options else ""
            raise ConfigError(
                f'"{self.name}" is one and the same game from every seed, so there is nothing to learn it on'
                f"{f', {cause}' if cause else '; choose another game'}"
            )
        return min(MOST_TURNS, 2 * limit) if isinstance(limit, int) and limit > 0 else MOST_TURNS


class ArenaEpisode:
    """One play; `close`, or being forgotten, ends its process."""

    def __init__(self, play: Play, *, mark: str) -> None:
        self._play = play
        self._shown = play.opening
        if self._shown["mark"] != mark:
            play.close()
            raise PluginError("the game of this seed is not the one that was posed; was textarena updated?")
        self._labels: list[int] = []
        self.turn = _turn(self._shown, 0)

    def step(self, action: str) -> Turn:
        """Act; what the game does not take as a move is answered by an observation that says so."""
        before = _progress(self._shown)
        self._shown = self._play.ask({"action": action[:LONGEST_ACTION]})
        won = bool(self._shown["done"]) and _reward(self._shown) == 1.0
        label = -1 if self._shown["invalid"] else int(won or _progress(self._shown) > before)
        self._labels.append(label)
        self.turn = _turn(self._shown, label)
        return self.turn

    def feedback(self) -> Feedback:
        """What the game pays; nothing is verified before its end."""
        steps = tuple(self._labels)
        if not steps:
            return Feedback(0.0, verified=False, text=NO_ACTIONS, status=Status.UNPARSABLE)
        if not self._shown["done"]:
            return Feedback(_progress(self._shown), verified=False, text=PLAY_ON, steps=steps)
        reward = _reward(self._shown)
        if reward == 1.0 and not self._shown["invalid"]:
            return Feedback(1.0, verified=True, steps=steps)
        return Feedback(reward, verified=False, text=KEEP_TO_RULES if self._shown["invalid"] else NOT_WON, steps=steps)

    def close(self) -> None:
        """End the process."""
        self._play.close()


def _turn(shown: Mapping[str, JsonValue], label: int) -> Turn:
    if shown["done"]:  # the game's last words may tell the secret
        return Turn("The game is over.", done=True, label=label)
    return Turn(str(shown["observation"]).strip(), label=label)


def _reward(shown: Mapping[str, JsonValue]) -> float:
    return _share(shown["reward"])


def _progress(shown: Mapping[str, JsonValue]) -> float:
    return _share(shown["progress"])


def _share(value: JsonValue) -> float:
    return min(1.0, max(0.0, float(value))) if isinstance(value, (int, float)) else 0.0
