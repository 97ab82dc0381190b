"""What situations have in common, and what actions are worth in them."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from burnish.policies.state_abstraction import StateAbstraction, drawing_of
from burnish.policies.values import ActionValues, Logged

ROOM = [
    "A...\n...G\nA you, G goal\nThe goal is 1 down, 5 right.",
    ".A..\n...G\nA you, G goal\nThe goal is 1 down, 2 right.",
]


def test_a_drawing_is_the_first_lines_of_one_length_without_a_space() -> None:
    assert drawing_of(ROOM[0]) == ("A...", "...G")
    assert drawing_of("You are in a room.\nThere is a door.") == ()
    assert drawing_of("abc\nab\nWhat now?") == ()
    assert drawing_of("a\nb\nWhat now?") == ()


def test_a_situation_is_in_clusters_from_narrow_to_wide() -> None:
    situations = StateAbstraction.fit([ROOM])
    assert situations.mover == "A"
    narrow, beside, bearing = situations.keys(ROOM[0])
    assert bearing == "G++"
    assert beside == " .. |G++"
    assert narrow.startswith("A you, G goal The goal is 1 down, many right.|")
    assert situations.keys(ROOM[1])[2] == bearing
    middle = "123\n4A5\n678\nA you."
    assert situations.keys(middle)[1].startswith("2574|"), "above, right, below, left"
    assert StateAbstraction.fit([]).keys("Say something.") == ("Say something.",)


def walk(rng: random.Random, corridor: int = 6) -> Logged:
    """A corridor whose right end pays; whoever goes off its left end has lost. Actions have two parts."""
    place, turns = 2, []
    for _ in range(20):
        seen = "".join("A" if i == place else "G" if i == corridor else "." for i in range(corridor + 1))
        action = rng.choice(["go left", "go right"])
        turns.append((f"{seen}\n{'-' * len(seen)}", action))
        place += 1 if action == "go right" else -1
        if place in {-1, corridor}:
            return Logged(tuple(turns), float(place == corridor))
    return Logged(tuple(turns), 0.0)


def test_values_of_good_and_bad_plays_point_to_the_goal() -> None:
    rng = random.Random(0)
    values = ActionValues.fit([walk(rng) for _ in range(60)])
    seen = "..A...G\n-------"
    assert values.actions == ("go left", "go right")
    assert values.greedy(seen) == "go right"
    assert values.greedy(seen, {"go right"}) == "go left"
    assert values.greedy(seen, {"go right", "go left"}) is None
    assert values.of(seen, "go right") > values.of(seen, "go left") >= 0
    assert values.of(seen, "go") == pytest.approx(values.of(seen, "go right"), abs=0.1)


def test_what_was_never_tried_is_worth_nothing() -> None:
    lost = ActionValues.fit([Logged((("A.G\n---", "go left"),), 0.0)])
    assert lost.of("A.G\n---", "go up") == 0.0
    assert lost.greedy("A.G\n---") is None


def test_numbers_of_any_length_are_read() -> None:
    keys = StateAbstraction("").keys
    assert keys("take 002 of 3 stones") == ("take 002 of many stones",)
    assert keys(f"take {'9' * 5000} stones") == ("take many stones",)
    assert keys(f"take {'0' * 5000} stones") == (f"take {'0' * 5000} stones",)


def test_a_long_word_is_read_once() -> None:
    assert StateAbstraction("").keys("a" * 1_000_000 + "_") == ("",), "from each of its letters would take hours"


def test_long_observations_are_not_kept() -> None:
    def read() -> None:
        for number in range(30):
            drawn = f"{number:09}A".ljust(20_000, ".")
            assert drawing_of(f"{drawn}\n{drawn}\nWhat now?") == (drawn, drawn)
            StateAbstraction("A").keys(f"{drawn}\n{drawn}\nWhat now?")

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    read()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 1_000_000
