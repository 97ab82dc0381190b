import json
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from processes import printed_whatever_the_hash_seed
from strength import FULL

from burnish.environments.adapters.blackjack import hit_value, stick_value, worth
from burnish.environments.adapters.games import NO_ACTION
from burnish.environments.adapters.gym import READY, Gym
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import as_answer
from burnish.environments.forms import form_grammar, has_form
from burnish.environments.registry import load
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.protocols import Episodes, Levels, Licensed, Solvable, abilities
from burnish.tables import apply_overrides
from burnish.types import SPLITS, Task, canonical_json

IDS = ["Blackjack-v1", "CliffWalking-v1", "CliffWalkingSlippery-v1", "FrozenLake-v1", "FrozenLake8x8-v1", "Taxi-v4"]
HOSTILE = ["", "\x00", "\ud800", "[" * 100_000, "left " * 100_000, "9" * 10_000, "left or right", "{}", "-1", "１"]


def drawn(game: Gym, count: int = 8, split: str = "train") -> list[Task]:
    return list(islice(game.tasks(split, 0), count))  # type: ignore[arg-type]


@pytest.fixture(params=IDS)
def game(request: pytest.FixtureRequest) -> Gym:
    loaded = load(f"gym:{request.param}", {})
    assert isinstance(loaded, Gym)
    return loaded


def test_every_ready_game_is_one_of_the_library() -> None:
    assert {name.rpartition("-v")[0] for name in IDS} == set(READY)


def test_best_play_is_verified_and_every_step_of_it_is_progress(game: Gym) -> None:
    for task in drawn(game):
        restored = Task.from_json(json.loads(canonical_json(task.to_json())))
        solved = game.solve(restored)
        if solved is None:
            assert "Slippery" in game.name
            continue
        feedback = game.score(restored, solved)
        assert (feedback.reward, feedback.verified, feedback.text) == (1.0, True, "")
        assert set(feedback.steps) == {1}
        surplus = as_answer([*json.loads(solved), "up"])
        assert not game.score(restored, surplus).verified


def test_its_form_is_that_of_one_action_and_every_action_of_that_form_is_one(game: Gym) -> None:
    task = drawn(game, 1)[0]
    form = game.form(task)
    assert form_grammar(form)
    assert game.solve(task) is None or all(has_form(action, form) for action in json.loads(game.solve(task) or ""))
    for action in form.split("|"):
        assert NO_ACTION not in game.start(task).step(action).observation


def test_it_has_the_abilities_of_an_episodic_environment(game: Gym) -> None:
    assert isinstance(game, Episodes)
    assert isinstance(game, Solvable)
    assert isinstance(game, Licensed)
    assert ("levels" in abilities(game)) == (game.name.startswith(("gym:Frozen", "gym:Taxi")))


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_neither_raise_nor_pay(game: Gym, answer: str) -> None:
    for task in drawn(game, 2):
        assert not game.score(task, answer).verified
        assert game.score(task, answer).text
        episode = game.start(task)
        turn = episode.step(answer)
        assert turn.observation.startswith(NO_ACTION)
        assert turn.label == -1
        assert turn.observation.partition("\n")[2].startswith(task.prompt.partition("Moves")[0])
        episode.close()


def test_a_play_ends_after_so_many_turns(game: Gym) -> None:
    (task,) = drawn(game, 1)
    episode = game.start(task)
    for _ in range(episode.left):
        assert not episode.turn.done
        episode.step("nonsense")
    assert episode.turn.done
    assert episode.step("up") is episode.turn
    assert not episode.feedback().verified


async def test_splits_hold_different_tasks_and_each_prompt_is_one_task(game: Gym) -> None:
    guarded = GuardedEnvironment(game)
    count = 30 if FULL else 10
    tasks = {split: await guarded.draw(split, 1, count) for split in SPLITS}
    assert tasks["train"] == await guarded.draw("train", 1, count)
    data: dict[str, Any] = {}
    for task in [t for group in tasks.values() for t in group] + drawn(game, 2 * count):
        assert data.setdefault(task.id, task.data) == task.data
    assert all(tasks.values())


FINGERPRINT = """
import hashlib, itertools
from burnish.environments.adapters.gym import Gym
digest = hashlib.sha256()
for name in ("Blackjack-v1", "CliffWalkingSlippery-v1", "FrozenLake-v1", "Taxi-v4"):
    game = Gym(name, **({"arguments": {"is_slippery": True}} if "Lake" in name else {}))
    for task in itertools.islice(game.tasks("train", 5), 5):
        verdict = game.score(task, '["left", "down", "hit", "right", "east", "hit", "down"]')
        digest.update(repr((task.to_json(), verdict, game.solve(task))).encode())
print(digest.hexdigest())
"""


@pytest.mark.thorough
def test_tasks_and_plays_are_the_same_in_every_process() -> None:
    printed_whatever_the_hash_seed(FINGERPRINT)


def test_levels_of_the_lake_are_its_sizes() -> None:
    lake = Gym("FrozenLake-v1")
    assert isinstance(lake, Levels)
    for level in lake.levels:
        (task,) = drawn(lake.at_level(level), 1)
        assert task.cell == level
        assert len(task.prompt.split("\n")[0]) == int(level[0])
    assert {task.cell for task in drawn(Gym("Taxi-v4", level="aboard"), 9)} == {"aboard"}
    assert "The passenger is in the taxi" in drawn(Gym("Taxi-v4", level="aboard"), 1)[0].prompt
    with pytest.raises(ConfigError, match='no level "3x3"; known are 4x4, 5x5'):
        lake.at_level("3x3")


def test_arguments_and_turns_of_ones_own_are_used_and_0_turns_are_the_games_own() -> None:
    slippery = load("gym:FrozenLake-v1", apply_overrides({}, ["arguments.is_slippery=true", "max_turns=7"]))
    assert isinstance(slippery, Gym)
    assert "The ice is slippery" in drawn(slippery, 1)[0].prompt
    assert (slippery.max_turns, Gym("FrozenLake-v1", max_turns=0).max_turns) == (7, 40)
    whole = load("gym:FrozenLake-v1", apply_overrides({}, ["arguments={is_slippery=true}"]))
    assert isinstance(whole, Gym)
    assert drawn(whole, 3) == drawn(slippery, 3)


LAKE = Task("gym:FrozenLake-v1", "", data={"desc": ["SFFF", "FHFH", "FFFH", "HFFG"], "seed": 1})


@pytest.mark.parametrize(
    ("actions", "reward", "steps", "text"),
    [
        ("down down right right down right", 1.0, (1,) * 6, ""),
        ("right down", 0.0, (-1, -1), "the play ended before the goal"),
        ("down up down", 0.5 / 6, (1, -1, 1), "the goal was not reached in time"),
        ("left down", 0.5 / 6, (0, 1), "the goal was not reached in time"),
    ],
)
def test_steps_on_the_lake_are_judged(actions: str, reward: float, steps: tuple[int, ...], text: str) -> None:
    feedback = Gym("FrozenLake-v1").score(LAKE, actions.replace(" ", "\n"))
    if steps[0] == -1:  # right is as good as down from the start of this map
        steps = (feedback.steps[0], *steps[1:])
    assert feedback.reward == pytest.approx(reward)
    assert (feedback.steps, feedback.text) == (steps, text)


def test_a_fall_from_the_cliff_and_a_wrong_pickup_are_mistakes() -> None:
    cliff, taxi = Gym("CliffWalking-v1"), Gym("Taxi-v4")
    task = Task(cliff.name, "", data={"state": 36, "moves": 14, "seed": 1})
    way = ["up", *["right"] * 11, "down"]
    assert cliff.score(task, as_answer(way)).verified
    feedback = cliff.score(task, as_answer(["right", *way]))
    assert (feedback.reward, feedback.verified, feedback.steps[0]) == (0.5, False, -1)
    late = cliff.score(task, as_answer(["left", "left", *way]))
    assert (late.verified, late.steps[:2]) == (False, (0, 0))
    (task,) = drawn(taxi, 1)
    gold = json.loads(str(taxi.solve(task)))
    feedback = taxi.score(task, as_answer(["dropoff", *gold]))
    assert (feedback.reward, feedback.verified, feedback.steps[0]) == (0.5, False, -1)


@pytest.mark.parametrize(
    "text", ["down", " Down. ", "I go down!", "<answer>down</answer>", "1", "up? <answer>1</answer>"]
)
def test_an_action_may_stand_in_a_sentence(text: str) -> None:
    episode = Gym("FrozenLake-v1").start(LAKE)
    assert episode.step(text).observation.split("\n")[1] == "@HFH"
    episode.close()


def test_the_values_of_blackjack_are_those_of_the_books() -> None:
    # Always hit 11 and below, stick on 17 and above, on 13 to 16 stick only against a dealer's 2 to 6.
    for dealer in range(1, 11):
        assert hit_value(11, False, dealer) > stick_value(11, dealer)
        assert stick_value(17, dealer) > hit_value(17, False, dealer)
        for held in (13, 14, 15, 16):
            assert (stick_value(held, dealer) > hit_value(held, False, dealer)) is (2 <= dealer <= 6)
    assert worth([1, 10]) == (21, True)
    assert worth([1, 5, 10]) == (16, False)


def test_best_play_of_blackjack_wins_as_often_as_it_should() -> None:
    """By simulation: about -0.05 a hand, where never drawing loses about -0.16."""
    game, total = Gym("Blackjack-v1"), 0.0
    gymnasium_game = game._game
    rng = Random(1)
    for start, _ in islice(gymnasium_game.starts("", rng), 550):
        task = Task(game.name, "", data=start)
        episode = game.start(task)
        while not episode.turn.done:
            episode.step(str(gymnasium_game.best(episode)))
        total += episode.rewards[-1]
        assert episode.feedback().verified
    assert total / 550 > -0.16


OWN = """
def render(observation, environment):
    position, speed, angle, turning = observation
    return f"The pole leans {angle:+.4f}, turning {turning:+.4f}; the cart is at {position:+.4f}, moving {speed:+.4f}."

def parse(text):
    return {"left": 0, "right": 1}.get(text.strip())
"""


async def test_any_game_can_be_shown_by_functions_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "pole.py").write_text(OWN)
    options: dict[str, Any] = {"render": f"{tmp_path}/pole.py:render", "parse": f"{tmp_path}/pole.py:parse", "goal": 20}
    pole = load("gym:CartPole-v1", {**options, "max_turns": 25, "instruction": "Keep the pole upright: left or right."})
    assert isinstance(pole, Gym)
    assert "levels" not in abilities(pole)
    (task,) = await GuardedEnvironment(pole).draw("train", 0, 1)
    assert task.prompt.startswith("The pole leans")
    assert pole.solve(task) is None
    assert pole.score(task, as_answer(["left", "right"] * 10)).verified
    short = pole.score(task, as_answer(["left", "up"]))
    assert (short.reward, short.verified, short.steps) == (0.05, False, (0, -1))
    falling = pole.start(task)
    while not falling.turn.done:
        falling.step("left")
    fall = as_answer(["left"] * len(falling.labels))
    for goal, answer, verified in [(None, fall, True), (None, "[]", False), (0, fall, True), (0, "[]", False)]:
        other = load("gym:CartPole-v1", {**options, "goal": goal})
        assert isinstance(other, Gym)
        assert other.score(task, answer).verified is verified
    with pytest.raises(ConfigError, match="goal is nan; give the finite number to which"):
        load("gym:CartPole-v1", {**options, "goal": float("nan")})
    with pytest.raises(ConfigError, match=r"render is 'pole'; give a function as path/to/file\.py:name"):
        load("gym:CartPole-v1", {**options, "render": "pole"})


@pytest.mark.parametrize(
    ("spec", "options", "error", "message"),
    [
        ("gym:FrozenLak-v1", {}, ConfigError, 'no game "FrozenLak-v1"; did you mean "FrozenLake-v1"?'),
        ("gym:FrozenLake-v7", {}, ConfigError, 'no game "FrozenLake-v7"; did you mean "FrozenLake-v1"?'),
        ("gym:frozenlake-v1", {}, ConfigError, 'no game "frozenlake-v1"; did you mean "FrozenLake-v1"?'),
        ("gym:zzz", {}, ConfigError, 'no game "zzz"; ready are Blackjack-v1, FrozenLake-v1'),
        (
            "gym:Taxi-v4",
            {"max_turns": -4},
            ConfigError,
            '"gym:Taxi-v4": max_turns is -4; give the most actions of a play',
        ),
        ("gym:Taxi-v4", {"goal": 20}, ConfigError, '"gym:Taxi-v4" has a goal of its own; leave out `goal`'),
        ("gym:Taxi-v4", {"arguments": "rain"}, ConfigError, "arguments is 'rain'; give an object, as arguments.is_"),
        ("gym:Taxi-v4", {"arguments": 0}, ConfigError, "arguments is 0; give an object"),
        ("gym:CartPole-v1", {}, ConfigError, "needs the options `render` and `parse`"),
        ("gym:Taxi-v4", {"levle": "x"}, ConfigError, 'no option "levle"; did you mean "level"?'),
        ("gym:Taxi-v4", {"level": "abord"}, ConfigError, 'no level "abord"; did you mean "aboard"?'),
        ("gym:Blackjack-v1", {"level": "x"}, ConfigError, 'no level "x"; it has no levels'),
        (
            "gym:Taxi-v4",
            {"arguments": {"rain": True}},
            ConfigError,
            '"gym:Taxi-v4" takes no argument "rain"; did you mean "is_rainy"?',
        ),
        ("gym:FrozenLake-v1", {"arguments": {"map_name": "8x8"}}, ConfigError, "draws its maps; leave out map_name"),
        ("gym:FrozenLake-v1", {"arguments": {"reward_schedule": 3}}, PluginError, "cannot be played (TypeError"),
    ],
)
def test_what_is_wrong_is_named(spec: str, options: Any, error: type[BurnishError], message: str) -> None:
    with pytest.raises(error) as caught:
        load(spec, options)
    assert message in str(caught.value)


def test_a_game_whose_library_is_missing_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pole.py").write_text(OWN)
    options = {"render": f"{tmp_path}/pole.py:render", "parse": f"{tmp_path}/pole.py:parse"}
    with pytest.raises(PluginError, match=r"Box2D is not installed.*gymnasium\[box2d\]"):
        load("gym:LunarLander-v3", options)


def test_a_game_of_a_package_is_registered_by_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "icy_games.py").write_text(
        "import gymnasium\n\n"
        "gymnasium.register('icy/FrozenLake-v7', entry_point='gymnasium.envs.toy_text.frozen_lake:FrozenLakeEnv')\n"
    )
    (tmp_path / "shown.py").write_text(
        "def render(observation, environment):\n    return f'You stand on {observation}. Where to?'\n\n\n"
        "def parse(text):\n    return int(text) if text in ('0', '1', '2', '3') else None\n"
    )
    monkeypatch.chdir(tmp_path)
    own: Any = {"render": f"{tmp_path}/shown.py:render", "parse": f"{tmp_path}/shown.py:parse"}
    game = Gym("icy_games:icy/FrozenLake-v7", **own, goal=1.0)
    assert game.name == "gym:icy_games:icy/FrozenLake-v7"
    shown = "You stand on 0. Where to?"  # every play begins there, so there is one task, of one split
    assert next(game.tasks(Task(game.name, shown).split, 0)).prompt == shown
    with pytest.raises(PluginError, match="there is no module no_games; install its package"):
        Gym("no_games:icy/FrozenLake-v7", **own)
