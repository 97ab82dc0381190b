"""Values from logged plays: better than who made them, and sceptical of what was never tried."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from burnish.policies.values import Move, Parts, Values

LENGTH = 6
WAYS: tuple[Parts, ...] = (("go", "left"), ("go", "right"), ("wait",))


def step(place: int, action: Parts) -> tuple[int, float]:
    """A corridor: its right end pays 1, its left end is a pit."""
    ways: dict[Parts, int] = {("go", "left"): -1, ("go", "right"): 1}
    there = place + ways.get(action, 0)
    return there, float(there == LENGTH)


def play(choose: Callable[[int], Parts], rng: random.Random, most: int = 30) -> list[Move]:
    place = rng.randrange(1, LENGTH)
    moves = []
    for _ in range(most):
        action = choose(place)
        there, reward = step(place, action)
        over = there in {0, LENGTH}
        moves.append(Move(place, action, reward, None if over else there))
        if over:
            break
        place = there
    return moves


def reward_of(choose: Callable[[int], Parts], seed: int, plays: int = 200) -> float:
    rng = random.Random(seed)
    return sum(play(choose, rng)[-1].reward for _ in range(plays)) / plays


def behaviour(seed: int) -> Callable[[int], Parts]:
    rng = random.Random(seed)
    return lambda _place: rng.choice(WAYS)


def logged(plays: int, seed: int = 0) -> list[list[Move]]:
    rng = random.Random(seed)
    return [play(behaviour(seed), rng) for _ in range(plays)]


def test_from_logged_plays_alone_it_does_better_than_who_made_them() -> None:
    values = Values.fit(logged(40))
    assert reward_of(lambda place: values.greedy(place) or ("wait",), 1) == 1.0
    assert reward_of(behaviour(7), 1) < 0.7


def test_failures_are_what_it_learns_the_pit_from() -> None:
    values = Values.fit([[Move(1, ("go", "left"), 0.0, None)], [Move(1, ("go", "right"), 0.0, 2)]])
    assert values.of(1, ("go", "left")) == 0.0
    won = Values.fit([[Move(1, ("go", "right"), 0.0, 2), Move(2, ("go", "right"), 1.0, None)]])
    assert won.of(1, ("go", "right")) == pytest.approx(0.95)


def test_what_was_never_tried_is_worth_nothing() -> None:
    values = Values.fit([[Move("here", ("go", "right"), 0.1, None)]])
    assert values.of("here", ("go", "left")) == 0.0
    assert values.greedy("here") == ("go", "right")
    assert values.greedy("elsewhere") is None


def test_plays_are_stitched_together() -> None:
    """Neither play went from a to the goal; together they show the way."""
    first = [Move("a", ("x",), 0.0, "b"), Move("b", ("y",), 0.0, None)]
    second = [Move("c", ("x",), 0.0, "b"), Move("b", ("z",), 1.0, None)]
    values = Values.fit([first, second])
    assert values.greedy("a") == ("x",)
    assert values.of("a", ("x",)) == pytest.approx(0.95)
    assert values.greedy("b") == ("z",)


def test_what_a_play_came_to_is_a_floor() -> None:
    """A backup through a situation of which little is known is no worse than what really happened."""
    values = Values.fit([[Move("a", ("x",), 0.0, "b"), Move("b", ("y",), 1.0, None)], [Move("b", ("y",), 0.0, None)]])
    assert values.of("a", ("x",)) == pytest.approx(0.95)
    assert values.of("b", ("y",)) == pytest.approx(0.5)


def test_actions_are_chosen_part_by_part() -> None:
    values = Values.fit(
        [
            [Move("s", ("take", "key"), 0.9, None)],
            [Move("s", ("take", "stone"), 0.1, None)],
            [Move("s", ("leave",), 0.5, None)],
        ]
    )
    assert values.greedy("s") == ("take", "key")
    assert values.of("s", ("take",)) == 0.9
    assert values.known["s", ()] == ("leave", "take")
