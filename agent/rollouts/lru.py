"""What is costly to make, kept by what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 16
"""Champion and challengers of an iteration come back to theirs in turn, so one of each is not enough."""


class Kept(Generic[K, V]):
    """The newest `MOST` things that were made."""

    def __init__(self) -> None:
        self._known: dict[K, V] = {}

    def get(self, key: K, make: Callable[[], V]) -> V:
        """What is kept under the key, else what `make` makes; the oldest are forgotten."""
        if key not in self._known:
            self._known[key] = make()
            for old in list(self._known)[:-MOST]:
                del self._known[old]
        return self._known[key]
