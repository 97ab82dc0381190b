"""What a report says of how a run began and what stood in its way."""

from __future__ import annotations

import pytest

from burnish.agent.record.findings import (
    ASKED,
    ENOUGH,
    FirstSuccess,
    Tried,
    first_success,
    obstacles,
    ways_tried,
    what_would_help,
)
from burnish.policies.cold_start import LADDER
from burnish.types import Attempt, Feedback

Item = tuple[int, Attempt, Feedback]


def items(count: int, *, reward: float = 0.0, text: str = "", rung: str = "", model: str = "m") -> list[Item]:
    """Answers to tasks of their own, all judged alike."""
    return [
        (
            1 + n // 12,
            Attempt(f"t{n}", 0, "a" if model else "", "p", model, rung=rung),
            Feedback(reward, reward == 1, text),
        )
        for n in range(count)
    ]


def test_the_first_success_says_how_it_was_asked_for() -> None:
    judged = [*items(12), *items(1, reward=1.0, rung="words"), *items(3, reward=1.0)]
    assert first_success(judged) == FirstSuccess(iteration=1, attempts=13, rung="words")
    assert first_success(items(5)) is None


def test_ways_are_counted_in_the_order_in_which_they_began() -> None:
    judged = [*items(4), *items(2, rung="words"), *items(1, reward=1.0, rung="words")]
    assert ways_tried(judged) == (Tried("", 4, 0), Tried("words", 3, 1))


def test_a_run_in_vain_names_what_it_tried_and_what_would_help() -> None:
    said = what_would_help(ways_tried([*items(4), *items(2, rung="hot")]))
    assert "4 as the program says, 2 at a high temperature" in said
    assert "seeds" in said


def test_every_rung_has_words() -> None:
    assert {rung for step in LADDER for rung in step} < ASKED.keys()


@pytest.mark.parametrize(
    ("judged", "tasks", "said"),
    [
        (items(ENOUGH, reward=1.0), 40, "pose harder tasks"),
        (items(ENOUGH, text="wrong"), 40, "got a reward of 0"),
        (items(ENOUGH, reward=0.5), 40, "never said what is wrong"),
        (items(ENOUGH, reward=0.5, text="no"), 40, "the same for all 24"),
        (items(ENOUGH, reward=0.5, text="no"), 12, "Only 12 different train tasks"),
        ([*items(30, reward=0.5, text="a"), *items(6, text="b", model="")], 40, "rejected 6 of 36"),
    ],
)
def test_what_stands_in_the_way_is_said(judged: list[Item], tasks: int, said: str) -> None:
    assert any(said in sentence for sentence in obstacles(judged, tasks=tasks))


@pytest.mark.parametrize(("near", "said"), [(12, True), (11, False)])
def test_it_is_said_when_most_of_what_is_verified_goes_as_near_duplicates(near: int, *, said: bool) -> None:
    judged = items(ENOUGH, reward=1.0) + items(ENOUGH)
    refused = {"near-duplicate of one in memory": near - 2, "near-duplicate of another new one": 2, "not verified": 24}
    found = obstacles(judged, tasks=2 * ENOUGH, refused=refused)
    assert any(f"{near} of 24 verified answers were left out of memory as near-duplicates" in s for s in found) is said


def test_a_run_that_learns_has_no_obstacles() -> None:
    judged = [*items(12, reward=1.0), *items(12, reward=0.5, text="too long"), *items(12, reward=0.2, text="no name")]
    assert obstacles(judged, tasks=36) == ()
    assert obstacles(items(ENOUGH - 1), tasks=3) == ()
