import json
from itertools import islice
from typing import Any

import pytest
from processes import printed_whatever_the_hash_seed

from burnish.environments.adapters.textworld import TextWorld
from burnish.environments.adapters.textworld_play import NOT_POSSIBLE, NOT_REACHED
from burnish.environments.adapters.worlds import WORLDS
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import as_answer
from burnish.environments.registry import load
from burnish.errors import BurnishError, ConfigError
from burnish.protocols import Episodes, Levels, Licensed, Solvable
from burnish.types import Task, canonical_json

# The library itself ignores this warning.
pytestmark = pytest.mark.filterwarnings("ignore:Not enough variation")

HOSTILE = [
    "",
    "\x00",
    "\ud800",
    "[" * 100_000,
    "look " * 100_000,
    "restart",
    "save\n\nquit",
    "{}",
    "undo",
    "go nowhere",
]


@pytest.fixture(params=sorted(WORLDS), scope="module")
def game(request: pytest.FixtureRequest) -> TextWorld:
    loaded = load(f"tw:{request.param}", {"level": WORLDS[request.param].levels[0]})
    assert isinstance(loaded, TextWorld)
    return loaded


@pytest.fixture(scope="module")
def tasks(game: TextWorld) -> list[Task]:
    return list(islice(game.tasks("train", 0), 6))


def test_the_plan_is_verified_and_every_step_of_it_is_progress(game: TextWorld, tasks: list[Task]) -> None:
    for task in tasks:
        restored = Task.from_json(json.loads(canonical_json(task.to_json())))
        solved = game.solve(restored)
        assert solved is not None
        feedback = game.score(restored, solved)
        assert (feedback.reward, feedback.verified, feedback.text) == (1.0, True, "")
        assert set(feedback.steps) == {1}
        half = as_answer(json.loads(solved)[:-1])
        assert not game.score(restored, half).verified
        assert game.score(restored, half).text == NOT_REACHED


def test_it_has_the_abilities_of_an_episodic_environment(game: TextWorld) -> None:
    for ability in (Episodes, Solvable, Licensed, Levels):
        assert isinstance(game, ability)


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_neither_raise_nor_pay(game: TextWorld, tasks: list[Task], answer: str) -> None:
    assert not game.score(tasks[0], answer).verified
    play = game.start(tasks[0])
    turn = play.step(answer)
    assert turn.observation == f"{NOT_POSSIBLE}\n{tasks[0].prompt}"
    assert turn.label == -1


def test_steps_are_judged_by_the_way_that_is_left() -> None:
    game = TextWorld("treasure_hunter", level="5")
    (task,) = islice(game.tasks("train", 0), 1)
    way = json.loads(str(game.solve(task)))
    back = {"go north": "go south", "go south": "go north", "go east": "go west", "go west": "go east"}[way[0]]
    feedback = game.score(task, as_answer([way[0], "look", back, "fly", *way]))
    assert feedback.steps == (1, 0, -1, -1, 1, 1, 1)
    assert feedback.verified
    partly = game.score(task, way[0].upper() + ".")
    assert partly.reward == pytest.approx(0.5 / 3)
    assert (partly.verified, partly.steps) == (False, (1,))
    assert game.score(task, as_answer(["look"] * 60)).steps == (0,) * game.max_turns


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_every_level_can_be_played(name: str) -> None:
    for level in WORLDS[name].levels:
        game = TextWorld(name).at_level(level)
        task = next(game.tasks("validation", 1))
        assert task.cell == f"{name}/{level}"
        solved = game.solve(task)
        assert solved is not None
        assert game.score(task, solved).verified


def test_what_can_be_done_is_listed_unless_told_not_to() -> None:
    (told,) = islice(TextWorld("custom").tasks("train", 0), 1)
    (untold,) = islice(TextWorld("custom", commands=False).tasks("train", 0), 1)
    assert "You can: " in told.prompt
    assert untold.prompt == told.prompt[: told.prompt.index("\nYou can: ")]


def test_0_turns_are_the_usual_50() -> None:
    game = TextWorld("custom", max_turns=0)
    (task,) = islice(game.tasks("train", 0), 1)
    assert len(game.score(task, as_answer(["look"] * 60)).steps) == game.max_turns == 50
    assert len(TextWorld("custom", max_turns=3).score(task, as_answer(["look"] * 3)).steps) == 3


async def test_the_boundary_draws_the_same_again() -> None:
    guarded = GuardedEnvironment(TextWorld("custom"))
    tasks = await guarded.draw("validation", 3, 5)
    assert len({task.id for task in tasks}) == 5
    assert tasks == await GuardedEnvironment(TextWorld("custom")).draw("validation", 3, 5)


FINGERPRINT = """
from itertools import islice
from burnish.environments.adapters.textworld import TextWorld
for name in ("custom", "treasure_hunter"):
    game = TextWorld(name)
    for task in islice(game.tasks("train", 5), 3):
        print(task.to_json(), game.solve(task), game.score(task, "go east; go west"))
"""


def test_games_and_plans_are_the_same_in_every_process() -> None:
    printed_whatever_the_hash_seed(FINGERPRINT)


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("tw:custm", {}, 'no game "custm" of TextWorld here; did you mean "custom"? known are custom, treasure_hunter'),
        ("tw:cooking", {}, '"tw:cooking" is not served: its recipe is shown only by a compiled game'),
        ("tw:custom", {"level": "9"}, '"tw:custom" has no level "9"; known are 1, 2, 3, 4, 5'),
        ("tw:treasure_hunter", {"level": 2}, 'no level "2"; known are 1, 5, 10, 11, 15'),
        ("tw:custom", {"max_turns": -1}, '"tw:custom": max_turns is -1; give the most actions of a play, or 0 for'),
        ("tw:custom", {"comands": True}, 'no option "comands"; did you mean "commands"?'),
    ],
)
def test_what_is_wrong_is_named(spec: str, options: Any, message: str) -> None:
    with pytest.raises(BurnishError) as caught:
        load(spec, options)
    assert message in str(caught.value)
    assert isinstance(caught.value, ConfigError)
