"""The option `splits` that built-in environments share: whether a sentence template may stand in two splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from burnish.errors import ConfigError
from burnish.spelling import did_you_mean
from burnish.types import Split, content_hash

T = TypeVar("T")

WAYS = ("by task", "by template")
LEAST = 3
"""Templates that it takes to have some for each split."""
HELD_OUT = 0.2
"""The share of templates that validation has, and test."""


class Splits:
    """How tasks are divided: `by task`, where tasks of one template may be in all splits, or `by template`.

    By template, what is learned by heart about a template is of no use in the sealed test.
    """

    def __init__(self, environment: str, way: str) -> None:
        if way not in WAYS:
            raise ConfigError(f'{environment}: no way of splitting is called "{way}"; {did_you_mean(str(way), WAYS)}')
        self.way = way
        self._environment = environment

    @property
    def by_template(self) -> bool:
        """Whether each template is of one split."""
        return self.way == "by template"

    def of(self, templates: Sequence[T], split: Split, key: Callable[[T], str] = str) -> list[T]:
        """Those of some templates that tasks of a split are made from, in their order; by the hash of each one's `key`.

        Raises:
            ConfigError: there are too few of them for three splits.

        """
        if not self.by_template:
            return list(templates)
        if len(templates) < LEAST:
            raise ConfigError(
                f"{self._environment}: {len(templates)} templates are too few to split by template; choose more levels"
            )
        order = sorted(range(len(templates)), key=lambda place: content_hash(key(templates[place])))
        held_out = max(1, int(HELD_OUT * len(templates)))
        ends: dict[Split, tuple[int, int]] = {
            "test": (0, held_out),
            "validation": (held_out, 2 * held_out),
            "train": (2 * held_out, len(templates)),
        }
        start, end = ends[split]
        return [templates[place] for place in sorted(order[start:end])]
