"""What a run shows of its start and its environment: how the first right answer came about, what stood in the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from burnish.policies.cold_start import Rung
from burnish.types import Attempt, Feedback, JsonValue, Record

ENOUGH = 24
"""Judged answers from which something can be said."""
FEW_TASKS = 24
NEAR, MOST_NEAR = "near-duplicate", 0.5
"""A word of the reasons for which near-duplicates are refused, and the share of verified answers that is too many."""

ASKED: Mapping[Rung, str] = {
    "": "as the program says",
    "sketch": "plans with given tools",
    "form": "held to the form of answers",
    "choice": "held to the choices that instruction, feedback or task name",
    "shape": "shaped like an example in instruction or feedback",
    "extract": "JSON in words of the task",
    "json": "JSON",
    "words": "held to the words of task and instruction",
    "edit": "held to the text of the task but for one word",
    "rules": "with the feedback as rules",
    "beside": "with the instruction beside the task",
    "hot": "at a high temperature",
    "hint": "with a hint",
    "others": "held to the answers that were not wrong",
}
"""How an answer was asked for, in words."""


@dataclass(frozen=True)
class Tried(Record):
    """One way of asking, how many attempts it had, and how many of them were verified."""

    rung: str
    attempts: int
    verified: int

    @property
    def said(self) -> str:
        """The way of asking, in words."""
        return next((said for rung, said in ASKED.items() if rung == self.rung), self.rung)


@dataclass(frozen=True)
class FirstSuccess(Record):
    """The first verified answer: the iteration, the attempts until then, and how it was asked for."""

    iteration: int
    attempts: int
    rung: str


Judged = Sequence[tuple[int, Attempt, Feedback]]


def first_success(judged: Judged) -> FirstSuccess | None:
    """The first verified answer of attempts in their order; None where there is none."""
    for number, (iteration, attempt, feedback) in enumerate(judged, 1):
        if feedback.verified:
            return FirstSuccess(iteration, number, attempt.rung)
    return None


def ways_tried(judged: Judged) -> tuple[Tried, ...]:
    """The ways of asking that were tried, in the order in which they began."""
    tried, solved = Counter[str](), Counter[str]()
    for _, attempt, feedback in judged:
        tried[attempt.rung] += 1
        solved[attempt.rung] += feedback.verified
    return tuple(Tried(rung, count, solved[rung]) for rung, count in tried.items())


def obstacles(judged: Judged, *, tasks: int, refused: Mapping[str, int] = MappingProxyType({})) -> tuple[str, ...]:
    """What stands in the way of learning here, a sentence each, with what to do about it.

    `tasks` were attempted, and `refused` counts by reason what was not learned.
    """
    feedbacks = [feedback for _, _, feedback in judged if feedback.status.judged]
    if len(feedbacks) < ENOUGH:
        return ()
    found = []
    wrong = [feedback for feedback in feedbacks if not feedback.verified]
    if not wrong:
        found.append("Every answer was right from the start, so nothing can be gained: pose harder tasks.")
    elif not any(feedback.reward for feedback in feedbacks):
        found.append(
            f"All {len(feedbacks)} answers got a reward of 0: where nothing is right, partial rewards show which "
            "answers come nearer."
        )
    said = Counter(feedback.text.strip() for feedback in wrong)
    if len(wrong) >= ENOUGH and not any(said):
        found.append("The environment never said what is wrong with an answer: feedback texts would become rules.")
    elif len(wrong) >= ENOUGH and len(said) == 1:
        found.append(
            f'The feedback was the same for all {len(wrong)} wrong answers ("{next(iter(said))[:60]}"): it says '
            "nothing of what to do better."
        )
    if tasks < FEW_TASKS and len(feedbacks) >= 2 * tasks:
        found.append(f"Only {tasks} different train tasks were posed: a model learns little from so few; pose more.")
    verified, near = len(feedbacks) - len(wrong), sum(n for reason, n in refused.items() if NEAR in reason)
    if near >= MOST_NEAR * max(ENOUGH, verified):
        found.append(
            f"{near} of {verified} verified answers were left out of memory as near-duplicates: raise "
            "policies.admission.novelty, or leave it out, and they are kept."
        )
    rejected = sum(not attempt.model and not attempt.answer for _, attempt, _ in judged)
    if rejected * 10 >= len(judged):
        found.append(
            f"The server rejected {rejected} of {len(judged)} requests, perhaps because they are too long for its "
            "context: shorten the tasks, lower retrieval.k, or serve a longer context."
        )
    return tuple(found)


UNTRAINED, CUT_SHORT = "refused training", "cut short"
"""Kinds of notes: why no adapter was trained, and what the budget ended within an operator."""


def cut(events: Sequence[tuple[int, str, JsonValue]]) -> tuple[str, ...]:
    """What operators could not do, a sentence each, out of the (iteration, kind, body) of a run's events."""
    said = {UNTRAINED: "no adapter was trained", CUT_SHORT: "the budget ended within the search for proposals"}
    return tuple(f"In iteration {number}, {said[kind]}: {body}." for number, kind, body in events if kind in said)


def what_would_help(tried: Sequence[Tried]) -> str:
    """What to do about a run in which no answer was verified."""
    ways = ", ".join(f"{one.attempts} {one.said}" for one in tried)
    return (
        f"No answer was verified. Tried: {ways}. What helps: exemplars made by people (`seeds`, or a program file), a "
        "form of the answers (`form`), easier tasks, a teacher (`models.teacher`), or a stronger model."
    )
