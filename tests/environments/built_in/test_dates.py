import re
from datetime import date
from itertools import islice

import pytest

from burnish.environments.built_in.dates import LEVELS, MONTHS, ONLY_DATE, ORDINALS, WAYS, WEEKDAYS, Dates
from burnish.types import Status, Task

TASK = Task(environment="dates", prompt="the 3rd of March 2021", data={"date": "2021-03-03"})


def test_every_way_names_the_right_day_without_doubt() -> None:
    assert len(WAYS) >= 10
    cells = set()
    for task in islice(Dates().tasks("validation", 1), 2000):
        cells.add(task.cell)
        day = date.fromisoformat(str(task.data["date"]))
        assert 1900 <= day.year <= 2099
        assert re.findall(r"\b\d{4}\b", task.prompt) == [str(day.year)]
        month = MONTHS[day.month - 1]
        assert re.search(rf"\b({month}|{month[:3]})\b", task.prompt, re.IGNORECASE)
        assert ORDINALS[day.day - 1] in task.prompt or re.search(rf"\b0?{day.day}(st|nd|rd|th)?\b", task.prompt)
        for number, weekday in enumerate(WEEKDAYS):
            assert number == day.weekday() or not re.search(rf"\b{weekday[:3]}", task.prompt)
    assert cells == set(WAYS)


@pytest.mark.parametrize(
    ("answer", "reward", "text"),
    [
        ("2021-03-04", 2 / 3, "the day must be the one in the text"),
        ("2021-01-03", 2 / 3, "the month must be the one in the text"),
        ("1921-03-03", 2 / 3, "the year must be the one in the text"),
        ("2021-99-99", 1 / 3, "the month must be the one in the text\nthe day must be the one in the text"),
    ],
)
def test_right_parts_are_paid_but_never_verified(answer: str, reward: float, text: str) -> None:
    feedback = Dates().score(TASK, answer)
    assert feedback.reward == pytest.approx(reward)
    assert (feedback.verified, feedback.text, feedback.status) == (False, text, Status.OK)


@pytest.mark.parametrize(
    "answer", ["2021-3-3", "2021/03/03", "It is 2021-03-03", "2021-03-03.", "20210303", "٢٠٢١-٠٣-٠٣"]
)
def test_any_other_form_is_unparsable(answer: str) -> None:
    feedback = Dates().score(TASK, answer)
    assert (feedback.reward, feedback.verified, feedback.text) == (0.0, False, ONLY_DATE)
    assert feedback.status is Status.UNPARSABLE


def test_white_space_around_the_date_is_forgiven() -> None:
    assert Dates().score(TASK, "\n 2021-03-03 ").verified


def test_every_way_is_of_one_level_and_a_level_poses_its_ways_alone() -> None:
    assert sorted(way for ways in LEVELS.values() for way in ways) == sorted(WAYS)
    for level, ways in LEVELS.items():
        assert {task.cell for task in islice(Dates().at_level(level).tasks("train", 0), 300)} == set(ways)
