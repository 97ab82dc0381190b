import json
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.built_in.floorplan import MOVES, FloorPlan, Place, way
from burnish.environments.built_in.grid import (
    MAX_TURNS,
    NO_BUMPS,
    NO_DETOURS,
    ONLY_ACTION,
    PLANS,
    REACH_IT,
    Grid,
    floor_plan,
    observation,
)
from burnish.environments.episodes import SURPLUS, as_answer
from burnish.protocols import Episodes, Turn
from burnish.types import Feedback, Status, Task

TASK = Task("grid", "", {"rows": ["######", "#A#G.#", "#K.D.#", "######"]}, cell="key and door")
SIMPLE = Task("grid", "", {"rows": ["#####", "#A.G#", "#...#", "#####"]}, cell="open")
ACTIONS = st.lists(st.sampled_from([*MOVES, "", "jump", "UP", "up down", "\x00", "\ud800", "9" * 999]), max_size=60)


def drawn(level: str = "", count: int = 100) -> list[Task]:
    return list(islice(Grid(level=level).tasks("train", 2), count))


def judged(*actions: str, task: Task = SIMPLE) -> Feedback:
    return Grid().score(task, as_answer(actions))


def walked(task: Task, actions: list[str]) -> list[Turn]:
    episode = Grid().start(task)
    return [episode.turn, *(episode.step(action) for action in actions)]


def floods(plan: FloorPlan) -> dict[Place, int]:
    """Distance to the goal of every place with and without the key, by relaxing all until nothing changes."""
    cells = [(r, c) for r, row in enumerate(plan.rows) for c, sign in enumerate(row) if sign != "#"]
    places = [Place(r, c, key) for r, c in cells for key in (False, True)]
    distance = {place: 0 if plan.at_goal(place) else 10**6 for place in places}
    changed = True
    while changed:
        changed = False
        for place in places:
            there = [distance[moved] for action in MOVES if (moved := plan.moved(place, action))]
            if there and min(there) + 1 < distance[place]:
                distance[place] = min(there) + 1
                changed = True
    return distance


def test_it_has_episodes() -> None:
    assert isinstance(Grid(), Episodes)


@pytest.mark.parametrize("level", PLANS)
def test_the_plan_is_a_shortest_one_and_all_progress(level: str) -> None:
    for task in drawn(level):
        plan = floor_plan(task)
        actions = json.loads(Grid().solve(task))
        assert len(actions) == floods(plan)[plan.start]
        feedback = Grid().score(task, as_answer(actions))
        assert feedback == Feedback(1.0, verified=True, parts={"goal": 1.0, "way": 1.0}, steps=(1,) * len(actions))


@given(st.integers(0, 60), ACTIONS)
def test_labels_say_how_the_distance_changes_and_replays_are_exact(number: int, actions: list[str]) -> None:
    task = drawn(count=61)[number]
    plan = floor_plan(task)
    distance, place = floods(plan), plan.start
    turns = walked(task, actions)
    assert turns == walked(task, actions)
    for action, before, turn in zip(actions, turns, turns[1:], strict=False):
        if before.done:
            assert turn is before
            continue
        moved = plan.moved(place, action)
        assert turn.label == (-1 if moved is None else (distance[moved] < distance[place]) * 2 - 1)
        place = moved or place
        assert turn.observation.endswith(observation(plan, place))
    feedback = Grid().score(task, as_answer(actions))
    assert feedback.reward <= 1
    assert feedback.verified <= plan.at_goal(place)
    assert bool(feedback.text) is not feedback.verified


def test_an_episode_ends_in_time_whatever_is_done() -> None:
    turns = walked(SIMPLE, ["wait"] * (MAX_TURNS + 3))
    assert [turn.done for turn in turns] == [False] * MAX_TURNS + [True] * 4


@pytest.mark.parametrize(
    ("actions", "reward", "text", "steps"),
    [
        (["right"], 0.5, REACH_IT, (1,)),
        (["down"], 0.0, f"{NO_DETOURS}\n{REACH_IT}", (-1,)),
        (["left"], 0.0, f"{NO_BUMPS}\n{REACH_IT}", (-1,)),
        (["left", "right", "right"], 2 / 3, NO_BUMPS, (-1, 1, 1)),
        (["down", "right", "right", "up"], 0.5, NO_DETOURS, (-1, 1, 1, 1)),
        (["right", "east"], 0.5, f"{ONLY_ACTION}\n{REACH_IT}", (1, -1)),
        (["right", "right", "right"], 1.0, SURPLUS, (1, 1)),
    ],
)
def test_verdicts(actions: list[str], reward: float, text: str, steps: tuple[int, ...]) -> None:
    feedback = judged(*actions)
    assert (feedback.text, feedback.steps) == (text, steps)
    assert feedback.reward == pytest.approx(reward)
    assert not feedback.verified
    assert feedback.status is Status.OK


@pytest.mark.parametrize("answer", ["", "[]", "go right", '["east", "west"]', "\x00", "{}", "G"])
def test_an_answer_without_any_action_is_unparsable(answer: str) -> None:
    feedback = Grid().score(SIMPLE, answer)
    assert (feedback.reward, feedback.status) == (0.0, Status.UNPARSABLE)
    assert ONLY_ACTION in feedback.text


def test_the_key_opens_the_door_and_is_carried_from_then_on() -> None:
    turns = walked(TASK, ["down", "right", "right", "right", "up", "left"])
    assert "The key is 1 down.\nThe door is 1 down, 2 right, locked." in turns[0].observation
    assert "You carry the key.\nThe door is 2 right." in turns[1].observation
    assert "K" not in turns[1].observation.partition("\n#####")[0]
    assert [turn.done for turn in turns] == [False] * 6 + [True]
    assert walked(SIMPLE, ["right", "right"])[-1].done


def test_without_the_key_the_door_is_a_wall() -> None:
    behind = Task("grid", "", {"rows": ["######", "#A.DG#", "#..#.#", "#.K#.#", "######"]})
    turns = walked(behind, ["right", "right"])
    assert turns[2].label == -1
    assert turns[2].observation.startswith("Nothing happens")
    assert "Legal actions: down, left" in turns[2].observation


@pytest.mark.parametrize("level", PLANS)
def test_the_prompt_is_the_first_observation_and_shows_it_all(level: str) -> None:
    for task in drawn(level):
        assert Grid().start(task).turn == Turn(task.prompt)
        assert task.cell == level
        assert ("K key" in task.prompt) is (level == "key and door")
        for action in MOVES:
            legal = task.prompt.rpartition("Legal actions: ")[2].split(", ")
            assert (action in legal) is bool(floor_plan(task).moved(floor_plan(task).start, action))


def test_where_things_lie_is_said_from_where_one_stands() -> None:
    assert way(3, 3, (1, 4)) == "2 up, 1 right"
    assert way(0, 3, (5, 3)) == "5 down"
    assert way(1, 1, (1, 1)) == "here"
