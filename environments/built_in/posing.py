"""Equations posed at random, each of them with exactly one solution."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from burnish.environments.built_in.solutions import written

LARGEST = 60
"""Of the numerator of a solution; its denominator has one digit."""


@dataclass(frozen=True)
class Posed:
    """An equation as text and its solution."""

    text: str
    solution: Fraction


def _one_step(rng: random.Random) -> Posed:
    x, a = _nonzero(rng, LARGEST), rng.randint(2, 99)
    form = rng.choice(("add", "add after", "subtract", "times", "over"))
    if form == "add":
        return Posed(f"x + {a} = {x + a}", Fraction(x))
    if form == "add after":
        return Posed(f"{a} + x = {x + a}", Fraction(x))
    if form == "subtract":
        return Posed(f"x - {a} = {x - a}", Fraction(x))
    if form == "times":
        return Posed(f"{a}x = {a * x}", Fraction(x))
    a = rng.randint(2, 12)
    return Posed(f"x/{a} = {x}", Fraction(a * x))


def _two_steps(rng: random.Random) -> Posed:
    x, a, b = _nonzero(rng, LARGEST), rng.randint(2, 20), _nonzero(rng, 40)
    form = rng.choice(("sum", "turned", "falling", "over", "brackets"))
    if form == "sum":
        return Posed(f"{_linear(a, b)} = {a * x + b}", Fraction(x))
    if form == "turned":
        return Posed(f"{a * x + b} = {_linear(a, b)}", Fraction(x))
    if form == "falling":
        return Posed(f"{abs(b)} - {a}x = {abs(b) - a * x}", Fraction(x))
    if form == "brackets":
        return Posed(f"{a}({_linear(1, b)}) = {a * (x + b)}", Fraction(x))
    sign = "-" if b < 0 else "+"
    return Posed(f"x/{a} {sign} {abs(b)} = {x + b}", Fraction(a * x))


def _both_sides(rng: random.Random) -> Posed:
    while True:
        a, c = _nonzero(rng, 12), _nonzero(rng, 12)
        b, d = _nonzero(rng, 40), _nonzero(rng, 40)
        k = rng.choice((1, 1, rng.randint(2, 6)))  # times the left side, in brackets where it is not 1
        if k * a == c or not _small(x := Fraction(d - k * b, k * a - c)):
            continue
        left = f"{k}({_linear(a, b)})" if k > 1 else _linear(a, b)
        return Posed(f"{left} = {_linear(c, d)}", x)


def _rational(rng: random.Random) -> Posed:
    """(ax + b)/(cx + d) = p/q, now and then turned into p/(ax + b) = q/(cx + d)."""
    while True:
        a, c, p, q = _nonzero(rng, 9), rng.randint(1, 9), _nonzero(rng, 9), rng.randint(2, 9)
        b, d = rng.choice((0, _nonzero(rng, 20))), _nonzero(rng, 20)
        slope = q * a - p * c
        if math.gcd(p, q) > 1 or a * d == b * c or slope == 0 or not _small(x := Fraction(p * d - q * b, slope)):
            continue
        if 0 in {a * x + b, c * x + d}:
            continue
        if b and rng.random() < 0.3:
            return Posed(f"{p}/({_linear(a, b)}) = {q}/({_linear(c, d)})", x)
        above = f"({_linear(a, b)})" if b else _linear(a, b)
        return Posed(f"{above}/({_linear(c, d)}) = {p}/{q}", x)


def _nonzero(rng: random.Random, largest: int) -> int:
    return rng.choice((-1, 1)) * rng.randint(1, largest)


def _small(x: Fraction) -> bool:
    return abs(x.numerator) <= LARGEST and x.denominator < 10


def _linear(slope: int, constant: int) -> str:
    return written((Fraction(slope), Fraction(constant)))


POSERS: Mapping[str, Callable[[random.Random], Posed]] = MappingProxyType(
    {"one step": _one_step, "two steps": _two_steps, "both sides": _both_sides, "rational": _rational}
)
"""By level, from easy to hard."""


def varied(rng: random.Random, text: str) -> str:
    """The text with another number of as many digits in place of each, never 0 or 1."""

    def other(match: re.Match[str]) -> str:
        beyond = 10 ** len(match[0])
        return str(rng.randrange(max(2, beyond // 10), beyond))

    return re.sub("[0-9]+", other, text)


def evolved(rng: random.Random, text: str, operator: str) -> str:
    """The text of an equation made longer by an operator of Evol-Instruct, its solution kept but by "concretise", which
    takes other numbers.
    """
    if operator == "concretise":
        return varied(rng, text)
    left, right = (side.strip() for side in text.split("="))
    n = rng.randint(2, 9)
    return {
        "constraint": f"({left})/{n} = ({right})/{n}",
        "deepen": f"{n}*({left}) = {n}*({right})",
        "reasoning": f"{left} + {n}*x = {right} + {n}*x",
        "complicate": f"{left} + {10 * n + 1} = {right} + {10 * n + 1}",
    }[operator]
