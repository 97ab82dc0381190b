"""Games on a grid whose transitions are known: frozen lake, taxi and cliff walking as text."""

from __future__ import annotations

import textwrap
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from random import Random
from typing import Any, cast

from burnish.environments.adapters.games import Play, Start, named_action
from burnish.environments.adapters.planning import Plan
from burnish.environments.adapters.verdict import RIGHT, wrong
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, canonical_json, content_hash

NOT_THERE = "the goal was not reached in time"
LOST = "the play ended before the goal"
FAULTS = "the goal was reached, but not without a mistake on the way"

COSTLY = -10
"""A step of this reward or a lower one is a mistake."""


FROZEN = 0.6
"""Share of ice in a lake: with the library's 0.8, a fifth of all ways across one small lake also crosses another."""


class GridGame:
    """What the three games share: a play is verified when it reaches the goal without a mistake."""

    instruction: str
    max_turns: int
    actions: Mapping[str, int]
    levels: Sequence[str] = ()

    def __init__(self, gymnasium: Any, spec: str, arguments: Mapping[str, JsonValue]) -> None:
        self._gymnasium = gymnasium
        self._spec = spec
        self._arguments = dict(arguments)
        self._boards: OrderedDict[str, _Board] = OrderedDict()

    def won(self, reward: float, end: bool) -> bool:
        """Whether a transition is the success of the game."""
        return end and reward > 0

    def begin(self, start: Start) -> tuple[Any, Any]:
        environment = copy(self._board(start).game)  # the transitions are shared, the generator is not
        state, _ = environment.reset(seed=start["seed"])
        if "state" in start:
            environment.s = state = start["state"]
        return environment, state

    def read(self, _play: Play, text: str) -> int | None:
        return named_action(text, self.actions)

    def label(self, play: Play, action: int) -> int:
        state = int(play.observation)
        costly = any(reward <= COSTLY for _, _, reward, _ in play.environment.P[state][action])
        return -1 if costly else self._plan(play).label(state, action)

    def best(self, play: Play) -> str | None:
        action = self._plan(play).best(int(play.observation))
        return next(word for word, number in self.actions.items() if number == action)

    def verdict(self, play: Play) -> Feedback:
        if play.terminated and self.won(play.rewards[-1], end=True):
            return wrong(FAULTS, 0.5) if min(play.rewards) <= COSTLY else RIGHT
        if play.terminated:
            return wrong(LOST)
        progress = self._plan(play).progress(int(play.first), int(play.observation))
        return wrong(NOT_THERE, 0.5 * progress)

    def _plan(self, play: Play) -> Plan:
        return self._board(play.start).plan

    def _board(self, start: Start) -> _Board:
        """Where the game is played, kept: making its transitions takes far longer than a play."""
        drawing = start.get("desc")
        key = canonical_json(drawing)
        if key not in self._boards:
            arguments = {**self._arguments, "desc": drawing} if drawing else self._arguments
            game = self._gymnasium.make(self._spec, disable_env_checker=True, **arguments).unwrapped
            self._boards[key] = _Board(game, self.won)
            if len(self._boards) > 256:
                self._boards.popitem(last=False)
        return self._boards[key]


class _Board:
    """The library's game, never played, and the values of its states."""

    def __init__(self, game: Any, won: Callable[[float, bool], bool]) -> None:
        self.game = game
        self._won = won

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.game.P, self._won)


class FrozenLake(GridGame):
    """A lake with holes; every task is another map."""

    actions = {"left": 0, "down": 1, "right": 2, "up": 3}  # noqa: RUF012
    levels: Sequence[str] = ("4x4", "5x5", "6x6", "7x7", "8x8")
    instruction = (
        "You cross a frozen lake from S to G without stepping into a hole H. Give one move: left, down, right or up."
    )

    def __init__(self, gymnasium: Any, spec: str, arguments: Mapping[str, JsonValue]) -> None:
        if drawn := sorted({"desc", "map_name"} & arguments.keys()):
            raise ConfigError(f'"gym:{spec}" draws its maps; leave out {" and ".join(drawn)}, and choose a `level`')
        super().__init__(gymnasium, spec, {"is_slippery": False, **arguments})
        self._slippery = bool(self._arguments["is_slippery"])
        self.max_turns = 100 if self._slippery else 40

    def starts(self, level: str, rng: Random) -> Iterator[tuple[Start, str]]:
        from gymnasium.envs.toy_text.frozen_lake import generate_random_map

        size = int((level or ("8x8" if "8x8" in self._spec else "6x6"))[0])
        while True:
            lake = generate_random_map(size=size, p=FROZEN, seed=rng.getrandbits(31))
            yield {"desc": cast("JsonValue", lake), "seed": _seed(*lake)}, f"{size}x{size}"

    def show(self, play: Play) -> str:
        lake = [list(row) for row in cast("list[str]", play.start["desc"])]
        row, column = divmod(int(play.observation), len(lake))
        here, lake[row][column] = lake[row][column], "@"
        slip = "\nThe ice is slippery: a move may lead to either side of the way meant." if self._slippery else ""
        end = {"H": "\nYou fell into a hole.", "G": "\nYou reached the goal."}.get(here, "")
        drawing = "\n".join("".join(cells) for cells in lake)
        return f"{drawing}\nYou are @. S is the start, F ice, H a hole, G the goal.{slip}{end}"


class Taxi(GridGame):
    """A taxi fetches a passenger and brings them to their destination."""

    actions = {"south": 0, "north": 1, "east": 2, "west": 3, "pickup": 4, "dropoff": 5}  # noqa: RUF012
    levels: Sequence[str] = ("aboard", "waiting")
    max_turns = 40
    instruction = (
        "You drive a taxi: fetch the passenger and bring them where they want to go. "
        "Give one action: south, north, east, west, pickup or dropoff."
    )

    def starts(self, level: str, rng: Random) -> Iterator[tuple[Start, str]]:
        game = self._board({}).game
        aboard = level == "aboard"
        kinds = {state: game.decode(state) for state in range(500)}
        states = [s for s, (_, _, who, goal) in kinds.items() if (who == 4 if aboard else who not in {4, goal})]
        rng.shuffle(states)
        for state in states:
            yield {"state": state, "seed": _seed(str(state))}, "aboard" if aboard else "waiting"

    def show(self, play: Play) -> str:
        taxi = play.environment
        row, column, passenger, goal = taxi.decode(int(play.observation))
        drawing = b"\n".join(b"".join(line) for line in taxi.desc).decode()
        places = [f"{name} (row {r}, column {c})" for name, (r, c) in zip("RGYB", taxi.locs, strict=True)]
        who = "The passenger is in the taxi" if passenger == 4 else f"The passenger waits at {places[passenger]}"
        done = "\nThe passenger has arrived." if play.terminated else ""
        return textwrap.dedent("""\
            {drawing}
            The taxi may cross ":" but not "|"; rows are counted from 0 at the top, columns from 0 at the left.
            The taxi is at row {row}, column {column}. {who} and wants to go to {goal}.{done}""").format(
            drawing=drawing, row=row, column=column, who=who, goal=places[goal], done=done
        )


class CliffWalking(GridGame):
    """A walk along a cliff, from each of the 37 squares, with up to three moves more than are needed."""

    actions = {"up": 0, "right": 1, "down": 2, "left": 3}  # noqa: RUF012
    max_turns = 50
    instruction = (
        "You walk to G without stepping onto the cliff C, from which you fall back to the start S. "
        "Give one move: up, right, down or left."
    )

    def __init__(self, gymnasium: Any, spec: str, arguments: Mapping[str, JsonValue]) -> None:
        super().__init__(gymnasium, spec, arguments)
        self._slippery = bool(arguments.get("is_slippery", "Slippery" in spec))

    def won(self, reward: float, end: bool) -> bool:
        return end and reward > COSTLY

    def starts(self, level: str, rng: Random) -> Iterator[tuple[Start, str]]:
        del level
        starts = [(state, slack) for state in range(37) for slack in range(4)]  # the cliff and the goal come after
        rng.shuffle(starts)
        for state, slack in starts:
            row, column = divmod(state, 12)
            way = 13 if row == 3 else 14 - row - column
            moves = way * (3 if self._slippery else 1) + slack
            yield {"state": state, "moves": moves, "seed": _seed(str(state), str(moves))}, f"row {row}"

    def show(self, play: Play) -> str:
        ground = [list("............") for _ in range(3)] + [list("SCCCCCCCCCCG")]
        row, column = divmod(int(play.observation), 12)
        ground[row][column] = "@"
        slip = "\nThe ground is slippery: a move may lead to either side of the way meant." if self._slippery else ""
        drawing = "\n".join("".join(cells) for cells in ground)
        end = "You reached the goal." if play.terminated else f"Moves left: {play.left}."
        return f"{drawing}\nYou are @. S is the start, C the cliff, G the goal.{slip}\n{end}"


def _seed(*parts: str) -> int:
    """A seed that belongs to a task by what the task shows, so that equal prompts are equal tasks."""
    return int(content_hash(*parts)[:8], 16)
