"""Taking in exemplars of another run: each is judged again, and passes the admission of any other answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from burnish.agent.loop.admission_by_hand import Candidate, let_in
from burnish.agent.loop.hand_effects import Effect, Hand, Lessons
from burnish.agent.record.by_hand import forgotten, said_by
from burnish.agent.record.exemplar_file import CarriedExemplar
from burnish.agent.record.program_file import FileLesson, lesson_of
from burnish.by_hand import ByHand
from burnish.records import ADMITTED

TWICE = "twice in the file"


async def import_(hand: Hand, change: ByHand, number: int, lessons: Lessons) -> Effect:
    """What the environment verifies again, and the admission policy lets in; nobody is evicted for it."""
    candidates = await _judged(hand, change, number, lessons)
    came = let_in(hand, candidates, number=number)
    champion = hand.champion
    follows = came.born and hand.following and not champion.only
    return Effect(
        champion.at(number) if follows else champion,
        came.born,
        came.deaths,
        came.applicants,
        dict(Counter(one.outcome for one in came.applicants if one.outcome != ADMITTED)),
        tuple((one.task, one.attempt, one.feedback) for one in candidates if one.feedback),
    )


async def _judged(hand: Hand, change: ByHand, number: int, lessons: Lessons) -> list[Candidate]:
    """Every lesson with its verdict; those that the run may not learn from are not put to the environment."""
    environment, gone = hand.environment, forgotten(hand.journal, hand.journal.iterations())
    assert environment is not None
    found: list[Candidate] = []
    known: set[str] = set()
    for said in lessons:
        carried = CarriedExemplar.model_validate(said)
        lesson = _by_own_task(hand, lesson_of(carried, carried.environment, edited=True))
        reason = f"{change.reason}: {carried.id or 'one'} of run {carried.run or '?'}, verified again"
        exemplar = replace(lesson.exemplar, born=number, reason=reason, attempt_id=lesson.attempt.id)
        barred = TWICE if exemplar.id in known else _barred(carried, lesson, environment.name)
        barred = gone[said_by(exemplar)].reason if said_by(exemplar) in gone else barred
        known.add(exemplar.id)
        found.append(Candidate(lesson.task, lesson.attempt, exemplar, None, barred))
    open_ = [place for place, one in enumerate(found) if not one.barred]
    pairs = [(found[place].task, found[place].attempt.answer) for place in open_]
    for place, feedback in zip(open_, await environment.judge_all(pairs), strict=True):
        exemplar = replace(found[place].exemplar, reward=feedback.reward)
        found[place] = replace(found[place], feedback=feedback, exemplar=exemplar)
    return found


def _by_own_task(hand: Hand, lesson: FileLesson) -> FileLesson:
    """A task that the run knows is judged by what the run knows of it, not by what the file says."""
    known = hand.journal.has_task(lesson.task.id)
    return replace(lesson, task=hand.journal.task(lesson.task.id)) if known else lesson


def _barred(carried: CarriedExemplar, lesson: FileLesson, environment: str) -> str:
    """Why a lesson is none for this run."""
    if carried.environment != environment:
        return f"of the environment {carried.environment}"
    return "" if lesson.task.split == "train" else f"its task is of the {lesson.task.split} split"
