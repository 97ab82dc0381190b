"""How far the judge's ratings can be trusted: calibration, and where it was most wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from burnish.agent.inspecting.answers import Answer, answers
from burnish.agent.inspecting.names import latest
from burnish.agent.record.ratings import RATED, Rated, read_rated
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.policies.calibration import auc_interval
from burnish.policies.statistics import wilson
from burnish.records import RatingRecord
from burnish.types import Record

BINS = 5
"""Into how many parts of equal width the range of ratings in use is divided, where there are more different ones."""
AUC = "the chance that a right answer is rated above a wrong one; 0.5 is no better than chance"
"""What the AUC is, in words."""


@dataclass(frozen=True)
class Reliability(Record):
    """Of the ratings from `low` to `high`: how many answers had one, and which share was verified, with its 95 %
    interval.
    """

    low: float
    high: float
    rated: int
    verified: int
    share: float
    lower: float
    upper: float

    @property
    def said(self) -> str:
        """The range in words."""
        return f"{self.low:.3g}" if self.low == self.high else f"{self.low:.2f} to {self.high:.2f}"


@dataclass(frozen=True)
class RatedAnswer(Record):
    """An answer, what the judge gave it (the mean where it was rated several times), and its task's text."""

    rating: float
    prompt: str
    answer: Answer


@dataclass(frozen=True)
class RatingStory(Record):
    """The ratings of a run that count: so many `ratings` of so many different answers `rated`, each of which counts
    once. `auc` is the chance that a verified answer is rated higher than another, with its 95 % interval, None where
    either kind is missing. `convincing` are the wrong answers that were rated highest, and `doubted` the right ones
    that were rated lowest. `decided` is what the run itself went by, which is of all ratings, None where nothing was
    rated.
    """

    ratings: int
    rated: int
    auc: float | None
    lower: float | None
    upper: float | None
    reliability: tuple[Reliability, ...]
    convincing: tuple[RatedAnswer, ...]
    doubted: tuple[RatedAnswer, ...]
    decided: RatingRecord | None = None

    @property
    def counted(self) -> str:
        """How many ratings there are, in words."""
        if self.ratings == self.rated:
            return f"{self.rated} answers were rated"
        return f"{self.rated} different answers were rated, {self.ratings} times in all; each counts once here"

    @property
    def auc_in_words(self) -> str:
        """The AUC with its interval, and what it is."""
        if self.auc is None:
            return "no AUC: all rated answers were right, or all were wrong"
        return f"AUC {self.auc:.2f} ({self.lower:.2f} to {self.upper:.2f}): {AUC}"

    @property
    def verdict(self) -> str:
        """Whether the judge has a vote in the run, and why; empty where that was not decided."""
        told = self.decided
        if told is None or told.auc is None:
            return ""
        vote = (
            "has a vote: of answers of equal reward the one that it rates higher is kept"
            if told.vote
            else "has no vote: no better than chance"
        )
        times = "" if self.ratings == self.rated else ", which counts an answer each time that it was rated"
        auc = f"AUC {told.auc:.2f}, {told.lower:.2f} to {told.upper:.2f}"
        return f"The judge {vote} ({auc}, by the run's own count{times})."


def rating_story(journal: JournalReader, *, at: int | None = None, most: int = 20) -> RatingStory:
    """What the ratings until an iteration (by default the newest) were worth, with `most` of the worst on either
    side.
    """
    sql = "SELECT body FROM events WHERE kind = ? AND iteration <= ? ORDER BY iteration, place"
    rows = journal.named_rows(sql, (RATED, latest(at)))
    every = [one for row in rows for one in read_rated(stored(row["body"]))]
    rated = _once(every)
    found = auc_interval([one.rating for one in rated], [one.verified for one in rated]) if rated else None
    wrong = sorted((one for one in rated if not one.verified), key=lambda one: (-one.rating, one.attempt))
    right = sorted((one for one in rated if one.verified), key=lambda one: (one.rating, one.attempt))
    return RatingStory(
        ratings=len(every),
        rated=len(rated),
        auc=found.estimate if found else None,
        lower=found.lower if found else None,
        upper=found.upper if found else None,
        reliability=reliability(rated),
        convincing=_with_answers(journal, wrong[:most]),
        doubted=_with_answers(journal, right[:most]),
        decided=_decided(journal, at),
    )


def _once(every: Sequence[Rated]) -> list[Rated]:
    """Each answer once, with its mean rating."""
    by_answer: dict[tuple[str, bool], list[float]] = {}
    for one in every:
        by_answer.setdefault((one.attempt, one.verified), []).append(one.rating)
    return [Rated(sum(some) / len(some), verified, id_) for (id_, verified), some in by_answer.items()]


def reliability(rated: Sequence[Rated]) -> tuple[Reliability, ...]:
    """The share that was verified over the range of ratings in use: by rating where there are few different ones, else
    in parts of equal width.
    """
    values = sorted({one.rating for one in rated})
    if len(values) <= BINS:
        return tuple(_bin(value, value, [one for one in rated if one.rating == value]) for value in values)
    low, width = values[0], (values[-1] - values[0]) / BINS
    parts: list[list[Rated]] = [[] for _ in range(BINS)]
    for one in rated:
        parts[min(BINS - 1, int((one.rating - low) / width))].append(one)
    return tuple(_bin(low + i * width, low + (i + 1) * width, own) for i, own in enumerate(parts))


def _bin(low: float, high: float, own: Sequence[Rated]) -> Reliability:
    verified = sum(one.verified for one in own)
    share = wilson(verified, len(own))
    return Reliability(low, high, len(own), verified, share.estimate, share.lower, share.upper)


def _with_answers(journal: JournalReader, rated: Sequence[Rated]) -> tuple[RatedAnswer, ...]:
    found = [(one.rating, answers(journal, "a.id = ?", (one.attempt,))) for one in rated]
    return tuple(RatedAnswer(rating, journal.task(same[0].task).prompt, same[0]) for rating, same in found if same)


def _decided(journal: JournalReader, at: int | None) -> RatingRecord | None:
    rows = journal.named_rows(
        "SELECT json_extract(body, '$.rating') AS rating FROM iterations"
        " WHERE number <= ? AND json_extract(body, '$.rating') IS NOT NULL ORDER BY number DESC LIMIT 1",
        (latest(at),),
    )
    return RatingRecord.from_json(stored(rows[0]["rating"])) if rows else None
