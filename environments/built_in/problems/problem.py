"""A kind of programming problem: a description, a body that solves it, and what may vary."""

from __future__ import annotations

import random
import string
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Constants = Mapping[str, int]

WORDS = (
    *("amber", "brook", "cedar", "delta", "ember", "fjord", "grove", "harbour", "inlet", "juniper", "kelp", "lagoon"),
    *("meadow", "north", "oak", "pebble", "quarry", "reef", "spruce", "tide", "umbra", "vale", "willow", "yarrow"),
    *("ash", "bay", "elm", "fen", "ivy", "moss", "sand", "sea", "so", "an", "a", "of", "evergreen", "waterfall"),
)


@dataclass(frozen=True, eq=False)
class Problem:
    """`text` and `body` name constants as `$a`; `arguments` draws the arguments of one test.

    The body is that of a function with this `signature`, which may use nothing but what it defines or imports.
    """

    name: str
    signature: str
    text: str
    body: str
    constants: Mapping[str, tuple[int, int]]
    arguments: Callable[[random.Random], tuple[Any, ...]]
    edges: tuple[tuple[Any, ...], ...] = ()
    """Arguments that are always tested, hidden."""

    def described(self, constants: Constants) -> str:
        """The description with the constants in place, in lines of at most 96 characters."""
        return textwrap.fill(string.Template(self.text).substitute(constants), 96, break_on_hyphens=False)

    def solution(self, constants: Constants) -> str:
        """Source of a function that is right."""
        lines = string.Template(self.body).substitute(constants).strip("\n").split("\n")
        return "\n".join([f"def {self.name}{self.signature}:", *(f"    {line}".rstrip() for line in lines)])


def ints(rng: random.Random, least: int = -30, most: int = 60, longest: int = 14) -> list[int]:
    """Some whole numbers."""
    return [rng.randint(least, most) for _ in range(rng.randint(4, longest))]


def words(rng: random.Random, most: int = 9) -> list[str]:
    """Some words."""
    return [rng.choice(WORDS) for _ in range(rng.randint(3, most))]


def letters(rng: random.Random, alphabet: str = string.ascii_lowercase, longest: int = 16) -> str:
    """Some letters."""
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(4, longest)))


def runs(rng: random.Random, alphabet: str = "abcd", longest: int = 9) -> str:
    """Letters, many of them several times in a row."""
    return "".join(rng.choice(alphabet) * rng.randint(1, longest) for _ in range(rng.randint(3, 7)))
