"""Scripted models of known skill, for claims that the embedded model is too weak to test; not run by themselves."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from burnish.environments.built_in.algebra import NotAnEquation, read_equation
from burnish.environments.built_in.equations import ASK
from burnish.environments.built_in.solutions import worked

_NUMBER = re.compile(r"[0-9]+")


class SlippingSolver:
    """Solves equations line by line and slips: it takes the inverse of the operation it should, and goes on from there.

    It slips more often than not where something is subtracted before the step, and seldom elsewhere, so that most of
    several answers to a task may share an error, as those of a real model do.
    """

    def __init__(self, *, often: float = 0.7, seldom: float = 0.15) -> None:
        self._often, self._seldom = often, seldom

    def __call__(self, body: Mapping[str, Any]) -> str:
        """The answer to a request, decided by its last message and its seed."""
        asked = str(body["messages"][-1]["content"])
        if not asked.startswith(ASK):
            return "5"  # as judge: always content
        rng = random.Random(f"{asked} {body.get('seed')}")
        lines: list[str] = []
        before = asked.removeprefix(ASK)
        while len(lines) < 12:
            try:
                following = worked(read_equation(before))
            except (NotAnEquation, ZeroDivisionError):
                break
            if not following:
                break
            step = following[0]
            if rng.random() < (self._often if re.search(r"\w - ", before) else self._seldom):
                step = slipped(before, step, rng)
            lines.append(step)
            if re.fullmatch(r"x = -?[0-9/]+", step):
                break
            before = step
        return "\n".join(lines)


def slipped(before: str, step: str, rng: random.Random) -> str:
    """The step with one of its numbers made by the inverse operation; as it is where none is made by one."""
    known = [int(n) for n in _NUMBER.findall(before)]
    places = list(_NUMBER.finditer(step))
    rng.shuffle(places)
    for place in places:
        number = int(place[0])
        for a in known:
            for b in known:
                inverse = {a + b: abs(a - b), abs(a - b): a + b}.get(number)
                if a != b and inverse not in {None, number, 0}:
                    return f"{step[: place.start()]}{inverse}{step[place.end() :]}"
                if b > 1 and a % b == 0 and Fraction(a, b) == number:
                    return f"{step[: place.start()]}{a * b}{step[place.end() :]}"
    return step
