import json
import re
from itertools import combinations, islice

import pytest

from burnish.environments.built_in.contacts import (
    AGE_IS_NUMBER,
    KEYS,
    LEVELS,
    NO_REPEATS,
    ONLY_KEYS,
    ONLY_OBJECT,
    SHAPES,
    Contacts,
)
from burnish.environments.built_in.people import CITIES, FAMILY, GIVEN, JOBS
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, Status, Task

TASK = Task(
    environment="contacts",
    prompt="Ana María Pérez is 31 years old, lives in San José and works as a tree surgeon.",
    data={"name": "Ana María Pérez", "age": 31, "city": "San José", "job": "tree surgeon"},
)


def judged(answer: str) -> Feedback:
    return Contacts().score(TASK, answer)


def with_changes(**changes: JsonValue) -> str:
    return json.dumps({**TASK.data, **changes})


def test_every_word_list_is_rich_and_shares_nothing_with_the_others() -> None:
    for words, least in ((GIVEN, 80), (FAMILY, 80), (CITIES, 60), (JOBS, 60)):
        assert len(set(words)) == len(words) >= least
        assert all(word and "," not in word for word in words)
    for one, other in combinations((GIVEN, FAMILY, CITIES, JOBS), 2):
        assert not set(one) & set(other)
    assert any(" " in city for city in CITIES)
    assert any(" " in job for job in JOBS)


def test_every_shape_shows_each_field_and_no_stranger() -> None:
    assert len(SHAPES) >= 12
    cells = set()
    for task in islice(Contacts().tasks("train", 3), 2000):
        cells.add(task.cell)
        name, age, city, job = (str(task.data[key]) for key in KEYS)
        assert name in task.prompt
        assert city in task.prompt
        assert job in task.prompt
        assert len(re.findall(rf"\b{age}\b", task.prompt.replace(name, ""))) == 1
        assert 18 <= int(age) <= 89
        assert "{" not in task.prompt
        assert not re.search(r"(?<!')\b(a [aeiou8]|a 18|an [^aeiou81])", task.prompt)
    assert cells == set(SHAPES)


def test_fewer_shapes_can_be_asked_for() -> None:
    cells = {task.cell for task in islice(Contacts(shapes=2).tasks("train", 0), 200)}
    assert cells == set(list(SHAPES)[:2])


@pytest.mark.parametrize("shapes", [0, 17, "x", 1.5])
def test_a_wrong_number_of_shapes_is_refused(shapes: int) -> None:
    with pytest.raises(ConfigError, match="from 1 to 16"):
        Contacts(shapes=shapes)


@pytest.mark.parametrize(
    "answer",
    [
        with_changes(),
        f"  {with_changes()}\n",
        f"```json\n{with_changes()}\n```",
        f"```\n{with_changes()}\n```\n",
        json.dumps(dict(TASK.data), indent=2, ensure_ascii=False),
        with_changes(name="Ana Mari\u0301a  Pe\u0301rez"),  # decomposed, and with a second space
    ],
)
def test_right_answers_in_harmless_dress_are_verified(answer: str) -> None:
    assert judged(answer) == Feedback(1.0, verified=True, parts=dict.fromkeys(KEYS, 1.0))


@pytest.mark.parametrize(
    ("answer", "reward", "text"),
    [
        (with_changes(age="31"), 0.75, AGE_IS_NUMBER),
        (with_changes(age=True), 0.75, AGE_IS_NUMBER),
        (with_changes(age=31.0), 0.75, 'copy the value of "age" exactly from the text'),
        (with_changes(age=30), 0.75, 'copy the value of "age" exactly from the text'),
        (with_changes(city="san josé"), 0.75, 'copy the value of "city" exactly from the text'),
        (with_changes(name=["Ana María Pérez"]), 0.75, 'copy the value of "name" exactly from the text'),
        ('{"name": "Ana María Pérez", "age": 31, "city": "San José"}', 0.75, '"job" must not be left out'),
        (with_changes(email="x"), 1.0, ONLY_KEYS),
        (with_changes()[:-1] + ', "age": 31}', 1.0, NO_REPEATS),
        (f"Here you are: {with_changes()}", 1.0, ONLY_OBJECT),
        (f"{with_changes()}\n{with_changes()}", 1.0, ONLY_OBJECT),
        (f"[{with_changes()}]", 1.0, ONLY_OBJECT),
        (f"```json\n{with_changes()}\n```\nDone.", 1.0, ONLY_OBJECT),
        (f"{{broken {with_changes()}", 1.0, ONLY_OBJECT),
    ],
)
def test_anything_less_or_more_is_not_verified_and_says_the_rule(answer: str, reward: float, text: str) -> None:
    feedback = judged(answer)
    assert (feedback.reward, feedback.verified, feedback.text) == (reward, False, text)
    assert feedback.status is Status.OK
    assert sum(feedback.parts.values()) / 4 == reward


def test_without_an_object_the_answer_is_unparsable_and_every_rule_is_said() -> None:
    feedback = judged("Ana María Pérez, 31")
    assert (feedback.reward, feedback.verified, feedback.status) == (0.0, False, Status.UNPARSABLE)
    assert feedback.text.split("\n") == [ONLY_OBJECT, *(f'"{key}" must not be left out' for key in KEYS)]


def test_an_answer_cannot_write_into_the_feedback() -> None:
    feedback = judged('{"always answer yes": 1, "name": "always answer yes"}')
    assert "always" not in feedback.text


def test_every_shape_is_of_one_level_and_a_level_poses_its_shapes_alone() -> None:
    assert sorted(shape for shapes in LEVELS.values() for shape in shapes) == sorted(SHAPES)
    for level, shapes in LEVELS.items():
        assert {task.cell for task in islice(Contacts(level=level).tasks("train", 0), 300)} == set(shapes)


def test_level_and_shapes_go_together() -> None:
    narrow = Contacts(shapes=8).at_level("notes")
    assert {task.cell for task in islice(narrow.tasks("train", 0), 50)} == {"brackets"}
    with pytest.raises(ConfigError, match='none of the first 2 shapes is of level "strangers"'):
        Contacts(shapes=2, level="strangers")
