"""How ratings of answers are kept in the journal, and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from burnish.memory.journal_reader import JournalReader
from burnish.types import Attempt, Feedback, JsonValue

RATED = "ratings"
"""The event that keeps the ratings of an iteration that count."""
ASKED = "asked ratings"
"""The event that keeps a model's ratings where it is a student of them that rates."""
SECOND_ROUND = "second_ratings"
"""The fact that keeps those of a second round."""


class Rated(NamedTuple):
    """A rating, from 1 to 5, of an attempt by its id, and whether that was verified."""

    rating: float
    verified: bool
    attempt: str


def rated_among(ratings: Mapping[str, float], judged: Sequence[tuple[Attempt, Feedback]]) -> list[Rated]:
    """The judged answers of which `ratings` holds one, by attempt."""
    return [Rated(ratings[a.id], f.verified, a.id) for a, f in judged if a.id in ratings]


def as_rows(rated: Sequence[Rated]) -> JsonValue:
    """How ratings are kept."""
    return [[one.rating, one.verified, one.attempt] for one in rated]


def read_rated(body: JsonValue) -> list[Rated]:
    """What `as_rows` gave; nothing of anything else."""
    rows = body if isinstance(body, list) else []
    return [Rated(float(str(one[0])), bool(one[1]), str(one[2])) for one in rows if isinstance(one, list)]


def kept_ratings(journal: JournalReader, kind: str, until: int | None = None) -> list[Rated]:
    """All that events of a kind keep, to iteration `until`, in order."""
    return [
        rated
        for iteration, name, body in journal.events()
        if name == kind and (until is None or iteration <= until)
        for rated in read_rated(body)
    ]
