"""The ladder of a cold start."""

from __future__ import annotations

from collections import Counter

import pytest

from burnish.policies.cold_start import LADDER, ColdStart, Rung
from burnish.policies.pareto import Mean

ABLE: tuple[Rung, ...] = ("words", "edit", "beside", "rules", "hot")


@pytest.mark.parametrize(
    ("in_vain", "opened"), [(0, {"words", "edit"}), (1, {*ABLE} - {"hot"}), (2, set(ABLE)), (9, set(ABLE))]
)
def test_each_iteration_in_vain_opens_further_rungs_and_all_that_are_open_are_used(
    in_vain: int, opened: set[str]
) -> None:
    dealt = ColdStart().deal(ABLE, in_vain, 12)
    assert len(dealt) == 12
    assert set(dealt) == opened
    counts = Counter(dealt).values()
    assert max(counts) - min(counts) <= 1


def test_half_of_the_attempts_go_to_what_came_nearest_to_right_answers() -> None:
    rewards = {"words": Mean(0.5, 10), "beside": Mean(6.0, 10), "hot": Mean(9.0, 10)}
    dealt = Counter(ColdStart().deal(ABLE, 1, 12, rewards))
    assert dealt == {"beside": 7, "words": 2, "edit": 2, "rules": 1}, "hot is not open yet"
    assert set(Counter(ColdStart().deal(ABLE, 1, 12, {"words": Mean(0.0, 10)})).values()) == {3}, "nothing came near"


def test_as_long_as_no_answer_came_near_half_go_to_what_knows_their_form() -> None:
    dealt = Counter(ColdStart().deal(("", "shape", "words", "edit", "beside"), 1, 12, {"words": Mean(0.0, 10)}))
    assert dealt == {"shape": 7, "": 2, "words": 1, "edit": 1, "beside": 1}


def test_where_nothing_can_be_tried_answers_are_asked_for_as_usual() -> None:
    assert ColdStart().deal((), 3, 2) == ["", ""]


def test_the_cheapest_come_first() -> None:
    climbed = [rung for step in LADDER for rung in step]
    assert climbed.index("form") < climbed.index("words") < climbed.index("hot")
    assert set(ColdStart().deal(("", *climbed), 0, 12)) == {"", "form"}, (
        "as the program says is open from the beginning"
    )
