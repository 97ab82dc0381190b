"""A model server that is waited for."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.types import Record


@dataclass(frozen=True)
class Outage(Record):
    """A server that has answered does not, and is waited for: `since` when and `until` when it is tried again, both as
    seconds since 1970; the `reason` is what was said last, and `tries` how often it was tried meanwhile.
    """

    server: str
    reason: str
    since: float
    until: float
    tries: int
