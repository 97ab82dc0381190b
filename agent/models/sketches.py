"""Sketches of plans: which tool each line calls, drawn by chance, while the model fills in the arguments.

Program sketching (Solar-Lezama 2008) gives the outline and leaves holes. A small model asked for whole plans writes the
same few again and again, however hot it is sampled; under sketches its answers are spread over all outlines alike.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from burnish.environments.plans import parameters, parse_plan
from burnish.protocols import Tool

Outline: TypeAlias = tuple[str, ...]
"""The names of the tools, line by line."""

NOTHING: Mapping[Outline, int] = MappingProxyType({})
"""Of no outline is any plan known."""

MOST_CALLS = 8
"""Lines a plan may have; fewer for a task of few constants: a plan that uses each once needs no more than those."""
LEAST_CHANCE = 1 / 16
"""Chance of an outline that memory is full of, beside one that it does not know."""
TRIES = 1000
"""Draws in a row that fit no plan, or repeat one, before there are taken to be no further sketches."""


@dataclass(frozen=True)
class Sketch:
    """An outline, and whether the constants stand in the order the task names them in."""

    tools: Outline = ()
    in_order: bool = False


def outline_of(answer: str) -> Outline:
    """That of a plan; empty where the answer is none."""
    return tuple(call.tool for call in parse_plan(answer) or ())


def nth_sketch(
    tools: Sequence[Tool],
    constants: int,
    number: int,
    seed: str,
    *,
    shown: Sequence[str] = (),
    known: Mapping[Outline, int] = NOTHING,
) -> Sketch:
    """The sketch at place `number`, from 0, in the order that `seed` draws them in; beyond the last again the first.

    The outlines of the plans `shown`, best first, come before all others, then rather those of which few are `known`.
    Empty where no plan of these tools uses each of that many constants once at most.
    """
    first = [outline_of(answer) for answer in shown]
    drawing = sketches(tools, constants, random.Random(seed), first=first, known=known)
    drawn = list(itertools.islice(drawing, number + 1))
    return drawn[number % len(drawn)] if drawn else Sketch()


def sketches(
    tools: Sequence[Tool],
    constants: int,
    rng: random.Random,
    *,
    first: Sequence[Outline] = (),
    known: Mapping[Outline, int] = NOTHING,
) -> Iterator[Sketch]:
    """All outlines of plans that use each constant and each result once at most, each once, in an order of chance.

    Each comes with the constants in any order and in that of the task, in which a text mostly needs them. One of which
    n plans are `known` is drawn 1 / (n + 1) times as often as one that is not.
    """
    sizes = {tool.name: len(parameters(tool)) for tool in tools}
    lengths = range(1, min(MOST_CALLS, max(1, constants)) + 1)

    def fits(names: tuple[str, ...]) -> bool:
        return bool(names) and all(n in sizes for n in names) and _fits([sizes[name] for name in names], constants)

    seen = {Sketch(names, in_order): None for names in first if fits(names) for in_order in (True, False)}
    yield from seen
    tries = 0
    while sizes and tries < TRIES:
        (length,) = rng.choices(lengths, [len(sizes) ** n for n in lengths])  # so that all sketches are equally likely
        sketch = Sketch(tuple(rng.choices(list(sizes), k=length)), in_order=rng.random() < 1 / 2)
        tries += 1
        if sketch not in seen and fits(sketch.tools) and rng.random() < _chance(known.get(sketch.tools, 0)):
            seen[sketch] = None
            tries = 0
            yield sketch


def _chance(known: int) -> float:
    return max(LEAST_CHANCE, 1 / (1 + known))


def _fits(sizes: Sequence[int], constants: int) -> bool:
    """Whether calls of so many arguments find enough constants and results above, and lines below for every result."""
    left = constants
    for line, size in enumerate(sizes, 1):
        if size > left or sum(sizes[line:]) < len(sizes) - line:
            return False
        left += 1 - size
    return True
