"""A constitution: principles by which answers are criticised and revised (Bai et al. 2022), each with a predicate that
code can check where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Predicate = Callable[[str], bool]
"""Whether an answer keeps a principle."""

REVISIONS = 4
"""The most revisions of one answer."""


@dataclass(frozen=True)
class Principle:
    """What an answer is to be like. Without a predicate only the environment and the judge can tell."""

    name: str
    text: str
    keeps: Predicate | None = None


@dataclass(frozen=True)
class Revision:
    """An answer before and after a revision, with what is known of both.

    `preferred` says whether the judge preferred the revised one in both orders; None where it was not asked, or said
    otherwise once.
    """

    before: str
    after: str
    reward_before: float
    reward_after: float
    preferred: bool | None = None


def gained(principle: Principle, revision: Revision) -> str:
    """Why a revision is better, for a preference pair; empty where it is not.

    Better is what the predicate or the environment says is: one of them strictly rises, and neither falls.
    """
    if revision.before.strip() == revision.after.strip() or not revision.after.strip():
        return ""
    before, after = _kept(principle, revision.before), _kept(principle, revision.after)
    if after < before or revision.reward_after < revision.reward_before:
        return ""
    if after > before:
        return f"it keeps the principle {principle.name}"
    return "the environment rewards it more" if revision.reward_after > revision.reward_before else ""


def violations(principles: Sequence[Principle], answers: Sequence[str]) -> dict[str, int]:
    """By principle how many answers break it; those without a predicate are left out."""
    return {p.name: sum(not p.keeps(answer) for answer in answers) for p in principles if p.keeps is not None}


def _kept(principle: Principle, answer: str) -> bool:
    return principle.keeps is None or principle.keeps(answer)


def most_words(limit: int) -> Predicate:
    """At most `limit` words."""
    return lambda answer: len(answer.split()) <= limit


def least_words(limit: int) -> Predicate:
    """At least `limit` words."""
    return lambda answer: len(answer.split()) >= limit


def contains(*texts: str) -> Predicate:
    """Holds each of the texts, case aside."""
    wanted = [text.casefold() for text in texts]
    return lambda answer: all(text in answer.casefold() for text in wanted)


def lacks(*texts: str) -> Predicate:
    """Holds none of the texts, case aside."""
    unwanted = [text.casefold() for text in texts]
    return lambda answer: not any(text in answer.casefold() for text in unwanted)
