"""One play of a game of TextWorld."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from burnish.environments.adapters.answers import final_answer
from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.verdict import RIGHT, wrong
from burnish.environments.adapters.worlds import Scene
from burnish.protocols import Turn
from burnish.types import Feedback

NOT_POSSIBLE = "That is not possible here."
NOT_REACHED = "the goal was not reached in time"
OUT_OF_REACH = "the goal can no longer be reached"

LONGEST_COMMAND = 1_000
"""Characters of a command that are looked at."""

IDLE = ("look", "inventory", "examine ")


class TextWorldPlay:
    """A play (an `Episode`) on the library's own model of the world; no game is compiled.

    A step is labelled by the shortest known way to the goal: +1 it became shorter, -1 longer, or there is none.
    """

    def __init__(self, game: Any, *, max_turns: int, commands: bool) -> None:
        generator = library("textworld.generator", scheme="tw", extra="tw")
        self._game = game
        self._names = generator.inform7.Inform7Game(game)
        self._progress = generator.game.GameProgression(game, track_quests=True)
        self._max_turns = max_turns
        self._show_commands = commands
        self._labels: list[int] = []
        self._whole = len(self._policy())
        self.turn = Turn(self._observation())

    def step(self, action: str) -> Turn:
        """Act; what is not possible changes nothing but uses up a turn."""
        if self.turn.done:
            return self.turn
        label, note = -1, f"{NOT_POSSIBLE}\n"
        possible = {_folded(name): act for name, act in zip(self.commands(), self._progress.valid_actions, strict=True)}
        command = _command(action)
        if command in possible:
            before = len(self._policy())
            self._progress.update(possible[command])
            label, note = self._judged(before), ""
        self._labels.append(label)
        done = bool(self._progress.done) or len(self._labels) >= self._max_turns
        self.turn = Turn(note + self._observation(), done=done, label=label)
        return self.turn

    def feedback(self) -> Feedback:
        """Verified when the goal was reached; else up to half the reward for the share of the way."""
        verdict = RIGHT if self._progress.completed else self._unfinished()
        return Feedback(verdict.reward, verdict.verified, verdict.text, steps=tuple(self._labels))

    def commands(self) -> list[str]:
        """What can be done now, in words."""
        return [str(command) for command in self._names.gen_commands_from_actions(self._progress.valid_actions)]

    def next_command(self) -> str | None:
        """The next command of the shortest known way to the goal."""
        policy = self._policy()
        return str(self._names.gen_commands_from_actions(policy[:1])[0]) if policy else None

    def _policy(self) -> Sequence[Any]:
        return self._progress.winning_policy or ()

    def _judged(self, before: int) -> int:
        if self._progress.completed:
            return 1
        after = len(self._policy())
        if self._progress.failed or not after:
            return -1
        return (before > after) - (before < after)

    def _unfinished(self) -> Feedback:
        left = len(self._policy())
        if not left:
            return wrong(OUT_OF_REACH)
        return wrong(NOT_REACHED, 0.5 * max(0.0, 1 - left / self._whole))

    def _observation(self) -> str:
        lines = [f"Goal: {' '.join(str(self._game.objective).split())}"]
        lines.append(Scene(self._progress.state.facts, self._game.infos).text())
        if self._progress.completed:
            lines.append("You have reached the goal.")
        elif self._show_commands:
            useful = sorted(command for command in self.commands() if not command.startswith(IDLE))
            lines.append(f"You can: {'; '.join(useful)}.")
        return "\n".join(lines)


def _command(text: str) -> str:
    if len(text) > LONGEST_COMMAND:
        return ""
    return _folded(final_answer(text).strip(" .!>`\"'"))


def _folded(command: str) -> str:
    return " ".join(command.casefold().split())
