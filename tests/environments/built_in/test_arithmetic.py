from __future__ import annotations

import random
import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.built_in.arithmetic import LEVELS, NOT_RIGHT, ONLY_NUMBER, Arithmetic
from burnish.environments.built_in.scenes import ONE_STEP, TWO_STEPS, Scene
from burnish.environments.built_in.stories import PEOPLE, THINGS
from burnish.environments.plans import FOREIGN, parse_plan
from burnish.errors import ConfigError
from burnish.types import SPLITS, Split, Status

ENVIRONMENT = Arithmetic()


@pytest.mark.parametrize(("level", "steps"), LEVELS.items())
async def test_the_plan_of_a_problem_has_its_steps_and_names_only_its_numbers(level: str, steps: int) -> None:
    tasks = list(islice(ENVIRONMENT.at_level(level).tasks("train", 5), 100))
    for task in tasks:
        calls = parse_plan(ENVIRONMENT.solve(task))
        assert calls is not None
        assert len(calls) == steps
        assert task.cell.split() == [call.tool for call in calls]
        numbers = [int(n) for n in re.findall(r"\d+", task.prompt)]
        assert len({*numbers}) == len(numbers), "two things of one number could be mixed up unnoticed"
    verdicts = await GuardedEnvironment(ENVIRONMENT).judge_all([(t, ENVIRONMENT.solve(t)) for t in tasks])
    assert all(feedback.verified for feedback in verdicts)


async def test_the_plan_of_another_problem_names_numbers_that_this_one_has_not() -> None:
    one, other = islice(ENVIRONMENT.at_level("two steps").tasks("train", 1), 2)
    feedback = await GuardedEnvironment(ENVIRONMENT).judge(one, ENVIRONMENT.solve(other))
    assert (feedback.reward, feedback.text) == (0.0, FOREIGN)


async def test_the_right_numbers_in_another_order_or_with_another_tool_are_not_right() -> None:
    (task,) = islice(ENVIRONMENT.at_level("one step").tasks("train", 1), 1)
    a, b = ENVIRONMENT.constants(task)
    plans = [
        f"y1 = {tool}({x}, {y})" for tool in ("add", "subtract", "multiply", "divide") for x, y in ((a, b), (b, a))
    ]
    verdicts = await GuardedEnvironment(ENVIRONMENT).judge_all([(task, plan) for plan in plans])
    right = {plan for plan, feedback in zip(plans, verdicts, strict=True) if feedback.verified}
    assert ENVIRONMENT.solve(task) in right
    assert len(right) <= 2  # sum and product are the same either way round
    assert {f.text for f in verdicts if not f.verified} == {NOT_RIGHT}


@pytest.mark.parametrize("scene", [*ONE_STEP, *TWO_STEPS], ids=lambda scene: scene.text[:30])
@given(seed=st.integers(0, 2**32))
def test_a_scene_has_whole_results_and_says_every_number(scene: Scene, seed: int) -> None:
    numbers = scene.numbers(random.Random(seed))
    value = 0
    known = {name: float(number) for name, number in numbers.items()}
    for place, call in enumerate(scene.calls, 1):
        tool, first, second = call.split()
        result = ENVIRONMENT.call(tool, {"a": known[first], "b": known[second]}).value
        assert isinstance(result, float)
        assert result.is_integer()
        assert result > 1
        known[f"y{place}"], value = result, int(result)
    assert scene.answer(numbers) == value
    used = {name for call in scene.calls for name in call.split()[1:] if len(name) == 1}
    assert used == {*re.findall(r"\{([abc])\}", scene.text)}


@pytest.mark.parametrize("answer", ["", "12 apples", "1e5", "NaN", "٣", "9" * 400, "0x10", "--1", "1.", "\ud800"])
def test_what_is_no_plain_number_is_unparsable(answer: str) -> None:
    task = next(ENVIRONMENT.tasks("train", 0))
    feedback = ENVIRONMENT.score(task, answer)
    assert (feedback.status, feedback.text) == (Status.UNPARSABLE, ONLY_NUMBER)


async def test_its_seeds_are_train_tasks_that_it_verifies() -> None:
    seeds = ENVIRONMENT.seeds()
    assert len(seeds) == 4
    assert {seed.task.split for seed in seeds} == {"train"}
    verdicts = await GuardedEnvironment(ENVIRONMENT).judge_all([(seed.task, seed.answer) for seed in seeds])
    assert all(feedback.verified for feedback in verdicts)


def test_most_bounds_the_steps_and_wrong_options_are_named() -> None:
    steps = {len(task.cell.split()) for task in islice(Arithmetic(most=2).tasks("train", 0), 60)}
    assert steps == {1, 2}
    with pytest.raises(ConfigError, match='no level is called "one"; known are four steps, one step'):
        Arithmetic(level="one")
    with pytest.raises(ConfigError, match="most is 5; give a number of steps from 1 to 4"):
        Arithmetic(most=5)


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("divide", {"a": 1, "b": 0}, "nothing can be divided by zero"),
        ("add", {"a": 1}, "give the arguments a, b"),
        ("add", {"a": 1, "b": "2"}, "b must be a number"),
        ("add", {"a": True, "b": 2}, "a must be a number"),
        ("power", {"a": 1, "b": 2}, "there is no such tool; there are add, subtract, multiply, divide"),
    ],
)
def test_a_tool_answers_wrong_arguments_in_words(tool: str, arguments: dict[str, int | str], error: str) -> None:
    assert ENVIRONMENT.call(tool, {**arguments}).error == error


def test_unseen_scenes_are_those_that_train_never_shows() -> None:
    environment = Arithmetic(unseen=True)

    def told(split: Split) -> set[str]:
        """The scenes of a split, by what their tasks have in common: no numbers, names and things."""
        tasks = islice(environment.tasks(split, 0), 400)
        return {re.sub(r"[0-9]+", "#", re.sub("|".join((*PEOPLE, *THINGS)), "*", task.prompt)) for task in tasks}

    assert not told("train") & (told("validation") | told("test"))
    assert told("validation") == told("test")
    assert environment.levels == ("one step", "two steps")
    kinds = {split: {task.cell for task in islice(environment.tasks(split, 0), 400)} for split in SPLITS}
    assert kinds["test"] < kinds["train"], "each kind of plan can be learned"
