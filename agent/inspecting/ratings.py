"""How far the judge's ratings can be trusted: calibration, and where it was most wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from burnish.agent.inspecting.answers import Answer, answers
from burnish.agent.inspecting.names import latest
from burnish.agent.record.ratings import RATED, Rated, read_rated
from burnish.memory.journal_reader import JournalReader
from burnish.policies.calibration import auc_interval
from burnish.policies.statistics import wilson
from burnish.types import Record


@dataclass(frozen=True)
class Reliability(Record):
    """Of the ratings that round to one `rating`: how many there were, and which share was verified, with its 95 %
    interval.
    """

    rating: int
    rated: int
    verified: int
    share: float
    lower: float
    upper: float


@dataclass(frozen=True)
class RatedAnswer(Record):
    """An answer, and what the judge gave it."""

    rating: float
    answer: Answer


@dataclass(frozen=True)
class RatingStory(Record):
    """All ratings of a run that count. `auc` is the chance that a verified answer is rated higher than another, with
    its 95 % interval, None where either kind is missing. `convincing` are the wrong answers that were rated highest,
    and `doubted` the right ones that were rated lowest.
    """

    rated: int
    auc: float | None
    lower: float | None
    upper: float | None
    reliability: tuple[Reliability, ...]
    convincing: tuple[RatedAnswer, ...]
    doubted: tuple[RatedAnswer, ...]


def rating_story(journal: JournalReader, *, at: int | None = None, most: int = 20) -> RatingStory:
    """What the ratings until an iteration (by default the newest) were worth, with `most` of the worst on either
    side.
    """
    sql = "SELECT body FROM events WHERE kind = ? AND iteration <= ? ORDER BY iteration, place"
    rows = journal.named_rows(sql, (RATED, latest(at)))
    rated = [one for row in rows for one in read_rated(json.loads(row["body"]))]
    found = auc_interval([one.rating for one in rated], [one.verified for one in rated]) if rated else None
    wrong = sorted((one for one in rated if not one.verified), key=lambda one: (-one.rating, one.attempt))
    right = sorted((one for one in rated if one.verified), key=lambda one: (one.rating, one.attempt))
    return RatingStory(
        rated=len(rated),
        auc=found.estimate if found else None,
        lower=found.lower if found else None,
        upper=found.upper if found else None,
        reliability=tuple(_reliability(rated, rating) for rating in range(1, 6)),
        convincing=_with_answers(journal, wrong[:most]),
        doubted=_with_answers(journal, right[:most]),
    )


def _reliability(rated: Sequence[Rated], rating: int) -> Reliability:
    own = [one for one in rated if round(one.rating) == rating]
    verified = sum(one.verified for one in own)
    share = wilson(verified, len(own))
    return Reliability(rating, len(own), verified, share.estimate, share.lower, share.upper)


def _with_answers(journal: JournalReader, rated: Sequence[Rated]) -> tuple[RatedAnswer, ...]:
    found = [(one.rating, answers(journal, "a.id = ?", (one.attempt,))) for one in rated]
    return tuple(RatedAnswer(rating, same[0]) for rating, same in found if same)
