"""`ta:` with textarena itself: games, their processes, and what is refused."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice, permutations
from pathlib import Path

import pytest

from burnish.environments.adapters.arena import KEEP_TO_RULES, NO_ACTIONS, PLAY_ON, ArenaEpisode, TextArena
from burnish.environments.adapters.arena_link import GameFailed
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import SURPLUS, as_answer
from burnish.environments.registry import load
from burnish.errors import ConfigError, PluginError
from burnish.types import SPLITS, JsonValue, Status, Task

HOSTILE = [
    "",
    "x",
    "[",
    "[]",
    "[1 1 1 1]",
    "[99999999999]",
    "9" * 9_000,
    "[" + "9" * 9_000 + "]",
    "\x00",
    "\ud800",
    "[٣ ٤ ٥ ٦]",
]

ORPHAN = """
import os, sys
from burnish.environments.adapters.arena import TextArena
game = TextArena("Mastermind-v0")
task = next(iter(game.tasks("train", 0)))
episode = game.start(task)
print("playing", flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def mastermind() -> Iterator[TextArena]:
    environment = TextArena("Mastermind-v0")
    yield environment
    environment.close()


@pytest.fixture
def task(mastermind: TextArena) -> Task:
    return next(mastermind.tasks("train", 0))


def played(episode: ArenaEpisode) -> list[str]:
    """The actions that break the code, found by trying what agrees with all that was said."""
    codes = list(permutations(range(1, 7), 4))
    actions: list[str] = []
    while not episode.turn.done:
        guess = codes[0]
        actions.append(f"[{' '.join(map(str, guess))}]")
        turn = episode.step(actions[-1])
        if not turn.done:
            black, white = map(int, re.findall(r"(\d) black peg\(s\), (\d) white", turn.observation)[-1])
            codes = [code for code in codes if pegs(guess, code) == (black, white)]
    return actions


def pegs(guess: tuple[int, ...], code: tuple[int, ...]) -> tuple[int, int]:
    black = sum(x == y for x, y in zip(guess, code, strict=True))
    return black, len(set(guess) & set(code)) - black


def hosts() -> set[int]:
    """Processes of games that this process began, and those they forked."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"arena_host" in status.read_bytes():
                found.add(int(status.parent.name))
        except OSError:  # it has just ended
            continue
    return found


def two(before: set[int]) -> set[int]:
    """The process that begins plays and that of the one play, once those of earlier plays are gone."""
    for _ in range(200):
        if len(hosts() - before) == 2:
            break
        time.sleep(0.05)
    began = hosts() - before
    assert len(began) == 2
    return began


def gone(processes: set[int]) -> bool:
    for _ in range(200):
        if not processes & hosts():
            return True
        time.sleep(0.05)
    return False


def test_a_won_game_is_verified_and_replays_exactly(mastermind: TextArena, task: Task) -> None:
    episode = mastermind.start(task)
    actions = played(episode)
    feedback = episode.feedback()
    episode.close()
    assert (feedback.reward, feedback.verified, feedback.text) == (1.0, True, "")
    assert len(feedback.steps) == len(actions)
    assert feedback.steps[-1] == 1
    assert mastermind.score(task, as_answer(actions)) == feedback
    again = mastermind.start(task)
    other = mastermind.start(task)
    for action in actions:
        assert again.step(action) == other.step(action)
    again.close()
    other.close()


def test_what_was_not_played_to_its_end_is_not_verified(mastermind: TextArena, task: Task) -> None:
    episode = mastermind.start(task)
    actions = played(episode)
    episode.close()
    short = mastermind.score(task, as_answer(actions[:-1]))
    assert (short.verified, short.text) == (False, PLAY_ON)
    assert short.reward < 1.0
    long = mastermind.score(task, as_answer([*actions, "[1 2 3 4]"]))
    assert (long.reward, long.verified, long.text) == (1.0, False, SURPLUS)
    nothing = mastermind.score(task, "")
    assert (nothing.status, nothing.reward, nothing.text) == (Status.UNPARSABLE, 0.0, NO_ACTIONS)


def test_invalid_moves_are_marked_and_end_the_game(mastermind: TextArena, task: Task) -> None:
    feedback = mastermind.score(task, as_answer(["[1 1 1 1]", "[1 1 1 1]"]))
    assert feedback.steps == (-1, -1)
    assert (feedback.reward, feedback.verified, feedback.text) == (0.0, False, KEEP_TO_RULES)


@pytest.mark.parametrize("game", ["Mastermind-v0", "GuessTheNumber-v0", "FrozenLake-v0", "Minesweeper-v0", "2048-v0"])
async def test_no_text_breaks_a_game_or_wins_it(game: str) -> None:
    environment = TextArena(game)
    (task,) = await GuardedEnvironment(environment).draw("train", 1, 1)
    pairs = [(task, as_answer([text, text])) for text in HOSTILE]
    for feedback in await GuardedEnvironment(environment).judge_all(pairs):
        assert feedback.status is Status.OK, feedback
        assert not feedback.verified
    environment.close()


def test_tasks_are_the_same_in_every_process_and_in_one_split_each(mastermind: TextArena) -> None:
    own = {split: list(islice(mastermind.tasks(split, 4), 12)) for split in SPLITS}
    other = TextArena("Mastermind-v0")
    for split in SPLITS:
        assert {task.split for task in own[split]} == {split}
        assert list(islice(other.tasks(split, 4), 12)) == own[split]
    other.close()


def test_the_secret_is_in_no_prompt_and_in_no_last_turn(mastermind: TextArena, task: Task) -> None:
    episode = mastermind.start(task)
    code = played(episode)[-1].strip("[]")
    assert episode.turn.observation == "The game is over."
    assert code not in task.prompt
    episode.close()


def test_games_with_few_secrets_end_and_say_each_once() -> None:
    environment = TextArena("GuessTheNumber-v0")
    tasks = [task for split in SPLITS for task in environment.tasks(split, 0)]
    assert len({task.id for task in tasks}) == len(tasks) == 20
    environment.close()


def test_nothing_is_left_running_after_close_or_when_all_is_forgotten() -> None:
    before = hosts()
    environment = TextArena("Mastermind-v0")
    episode = environment.start(next(environment.tasks("train", 0)))
    began = two(before)
    episode.close()
    environment.close()
    assert gone(began)
    environment = TextArena("Mastermind-v0")
    episode = environment.start(next(environment.tasks("train", 0)))
    began = two(before)
    del environment, episode
    gc.collect()
    assert gone(began)


def test_nothing_is_left_running_when_the_process_is_killed() -> None:
    before = hosts()
    ended = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (-9, "playing\n")
    assert gone(hosts() - before)


def test_a_game_whose_process_is_gone_gives_no_verdict(task: Task) -> None:
    environment = TextArena("Mastermind-v0")
    _, _, (_, process), _ = environment._host.close.peek()  # type: ignore[misc]
    os.kill(process.pid, 9)
    with pytest.raises(GameFailed):
        environment.score(task, "[1 2 3 4]")
    environment.close()


@pytest.mark.parametrize(
    ("game", "options", "error", "message"),
    [
        ("Mastermnd-v0", {}, ConfigError, 'has no game "Mastermnd-v0"; did you mean "Mastermind-v0"[?]$'),
        ("mastermind-V0", {}, ConfigError, 'has no game "mastermind-V0"; did you mean "Mastermind-v0"[?]$'),
        ("zzz", {}, ConfigError, r'has no game "zzz"; `textarena.pprint_registry_detailed\(\)` prints all$'),
        (
            "Mastermind-v0",
            {"code_lenght": 3},
            ConfigError,
            'no option "code_lenght"; did you mean "code_length"[?] known',
        ),
        ("Mastermind-v0", {"trns": 3}, ConfigError, 'no option "trns"; did you mean "turns"'),
        ("Mastermind-v0", {"turns": -1}, ConfigError, "turns is -1; give the most actions of a play, or 0"),
        (
            "Mastermind-v0",
            {"num_numbers": 6, "code_length": "abc"},
            ConfigError,
            '^"ta:Mastermind-v0": TextArena takes no code_length of "abc"; it should be a valid integer$',
        ),
        (
            "Mastermind-v0",
            {"num_numbers": 6, "code_length": -3},
            ConfigError,
            r'^"ta:Mastermind-v0": TextArena refused code_length=-3 \(ValueError: .*\); give another value$',
        ),
        (
            "Mastermind-v0",
            {"code_length": 0},
            ConfigError,
            "from every seed.* likely because of code_length=0; give another",
        ),
        ("Sokoban-v0", {"dim_room": 6}, ConfigError, "TextArena takes no dim_room of 6; it should be a valid array"),
        ("TicTacToe-v0", {}, ConfigError, "is a game for several players"),
        ("Chess-v0", {}, PluginError, r'^"ta:Chess-v0" cannot be loaded here, as Python 3\.\d+ cannot read its module'),
        ("Cryptarithm-v0", {}, ConfigError, "one and the same game from every seed.*; choose another game"),
        ("Cryptarithm-v0", {"turns": 5}, ConfigError, "one and the same game from every seed.*; choose another game"),
        ("TwentyQuestions-v0", {}, PluginError, "asks a model of its own|needs the data"),
        ("Wordle-v0", {}, PluginError, r"needs the data \w+ of nltk; install it with `python -m nltk.downloader"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_reason(
    game: str, options: dict[str, JsonValue], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(f"ta:{game}", options)


def test_options_reach_the_game() -> None:
    environment = load("ta:Mastermind-v0", {"code_length": 3, "turns": 5})
    assert isinstance(environment, TextArena)
    assert environment.max_turns == 5
    assert "3 digits long" in next(environment.tasks("train", 0)).prompt
    environment.close()
