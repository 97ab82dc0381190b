"""Sketches of plans, and the grammar that holds a model to one."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from burnish.agent.models.sketches import LEAST_CHANCE, Outline, Sketch, nth_sketch, sketches
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.protocols import Tool

TOOLS = Arithmetic().tools


def tool(name: str, arguments: int) -> Tool:
    return Tool(name, "", {"properties": {chr(97 + i): {} for i in range(arguments)}})


@pytest.mark.parametrize(("constants", "count"), [(0, 0), (1, 0), (2, 8), (3, 8 + 32), (4, 8 + 32 + 128)])
def test_every_outline_that_the_constants_suffice_for_comes_once(constants: int, count: int) -> None:
    drawn = list(sketches(TOOLS, constants, random.Random(1)))
    assert len(set(drawn)) == len(drawn) == count
    assert {len(sketch.tools) for sketch in drawn} == set(range(1, constants if count else 1))


def test_the_order_is_of_chance_and_the_same_for_a_seed() -> None:
    assert nth_sketch(TOOLS, 3, 5, "a") == nth_sketch(TOOLS, 3, 5, "a")
    orders = {tuple(nth_sketch(TOOLS, 2, n, str(seed)) for n in range(8)) for seed in range(40)}
    assert len(orders) > 30
    assert all(len(set(order)) == 8 for order in orders)


def test_beyond_the_last_the_first_comes_again_and_where_none_fits_it_is_empty() -> None:
    assert nth_sketch(TOOLS, 2, 8, "a") == nth_sketch(TOOLS, 2, 0, "a")
    assert nth_sketch(TOOLS, 1, 0, "a") == Sketch()
    assert nth_sketch([], 3, 0, "a") == Sketch()


def test_the_outlines_of_plans_that_are_shown_come_first_where_they_fit() -> None:
    shown = ["y1 = add(1, 2)\ny2 = divide(y1, 3)", "no plan", "y1 = fly(1, 2)", "y1 = add(1, 2)", "y1 = add(1, 2)"]
    drawn = [nth_sketch(TOOLS, 3, number, "a", shown=shown) for number in range(40)]
    assert drawn[:4] == [
        Sketch(("add", "divide"), in_order=True),
        Sketch(("add", "divide")),
        Sketch(("add",), in_order=True),
        Sketch(("add",)),
    ]
    assert len(set(drawn)) == 40
    assert nth_sketch(TOOLS, 2, 0, "a", shown=shown) == Sketch(("add",), in_order=True)


def test_outlines_of_which_memory_knows_few_plans_come_rather() -> None:
    known: dict[Outline, int] = {("add",): 3, ("subtract",): 1_000}
    firsts = [nth_sketch(TOOLS, 2, 0, str(seed), known=known).tools[0] for seed in range(4_000)]
    shares = {name: firsts.count(name) / 4_000 for name in ("add", "subtract", "multiply", "divide")}
    whole = 1 / 4 + LEAST_CHANCE + 1 + 1
    expected = {"add": 1 / 4 / whole, "subtract": LEAST_CHANCE / whole, "multiply": 1 / whole, "divide": 1 / whole}
    assert shares == pytest.approx(expected, abs=0.03)
    assert len(set(sketches(TOOLS, 2, random.Random(1), known=known))) == 8


def test_every_result_has_a_line_below_that_can_use_it() -> None:
    outlines = {sketch.tools for sketch in sketches([tool("pair", 2), tool("now", 0)], 2, random.Random(1))}
    assert ("pair", "now") not in outlines
    assert ("now", "pair") in outlines


def test_many_tools_and_constants_do_not_keep_it_waiting() -> None:
    tools = [tool(f"t{i}", 1 + i % 3) for i in range(40)]
    assert len(list(islice(sketches(tools, 60, random.Random(1)), 5))) == 5
