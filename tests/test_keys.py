"""What is declared of a key is read from its declaration, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from burnish.config import Section
from burnish.keys import Key, Table, tables
from burnish.limits import Positive, Share


@dataclass(frozen=True)
class Small:
    """A small one."""

    name: Literal["small"] = "small"
    size: Positive = 3
    """How many."""


@dataclass(frozen=True)
class Large(Small):
    """A large one."""

    name: Literal["large"] = "large"  # type: ignore[assignment]
    share: Share | None = None
    """A part
    of it.
    """


class Outer(Section):
    """Holds others.

    More of it.
    """

    first: Small | Large = Small()
    again: Small | None = None
    """Another one."""
    words: tuple[str, ...] = ("a",)
    """Some words."""


def test_types_limits_defaults_and_meanings_are_those_declared() -> None:
    outer, small, large = tables(Outer, "outer")
    assert outer.paths == ("outer",)
    assert outer.meaning == "Holds others.\n\nMore of it."
    assert outer.keys == (
        Key("outer.first", "table", "", "see below", "A small one."),
        Key("outer.again", "table", "", "none", "Another one."),
        Key("outer.words", "list of text", "", '["a"]', "Some words."),
    )
    assert small == Table(
        ("outer.first", "outer.again"),
        "A small one.",
        (
            Key("outer.first.name", '"small"', "", '"small"', "Chooses what this table describes."),
            Key("outer.first.size", "integer", "≥ 1", "3", "How many."),
        ),
        "small",
    )
    assert [key.meaning for key in large.keys] == ["Chooses what this table describes.", "How many.", "A part of it."]
    assert large.keys[2].kind == "number ≥ 0 and ≤ 1"
