"""Taking in exemplars of another run: each is judged again, and passes the admission of any other answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from burnish.agent.loop.hand_effects import Effect, Hand, Lessons
from burnish.agent.loop.policies import choose_policies
from burnish.agent.nodes.curate import merit_of
from burnish.agent.record.by_hand import forgotten, pinned, said_by
from burnish.agent.record.exemplar_file import CarriedExemplar
from burnish.agent.record.program_file import FileLesson, lesson_of
from burnish.by_hand import ByHand
from burnish.memory.store import NOW
from burnish.policies.admission import Admission, Applicant, Resident, Vectors
from burnish.records import ADMITTED, REPLACED, ApplicantRecord, DeathRecord, RatingRecord
from burnish.types import Exemplar, Feedback

FULL = "memory is full"
TWICE = "twice in the file"


@dataclass(frozen=True)
class _Candidate:
    """A lesson on its way in, what the environment said of it, and why it may not come in at all."""

    lesson: FileLesson
    exemplar: Exemplar
    feedback: Feedback | None
    barred: str

    @property
    def verified(self) -> bool:
        turns, turn = self.lesson.attempt.turns, self.exemplar.turn
        sound = turn is None or (turn < len(turns) and turns[turn].label >= 0)
        return self.feedback is not None and self.feedback.verified and sound


async def import_(hand: Hand, change: ByHand, number: int, lessons: Lessons) -> Effect:
    """What the environment verifies again, and the admission policy lets in; nobody is evicted for it."""
    candidates = await _judged(hand, change, number, lessons)
    rating = hand.journal.iterations()[-1].rating
    vectors = hand.memory.embedder.embed([one.exemplar.prompt for one in candidates])
    residents = _residents(hand, candidates, vectors, rating)
    merits = [merit_of(one.exemplar, rating) for one in candidates]
    decision = _decided(hand, candidates, merits, vectors, residents)
    victims = {survivor: victim for victim, survivor in decision.replaced.items()}
    born = {place: candidates[place].exemplar for place in decision.admitted}
    deaths = tuple(DeathRecord(victim, REPLACED, born[place].id) for place, victim in victims.items())
    hand.memory.stage(list(born.values()), {one.exemplar_id: one.reason for one in deaths}, revision=number)
    outcomes = [decision.refused.get(place, ADMITTED) for place in range(len(candidates))]
    champion = hand.champion
    follows = born and hand.following and not champion.only
    return Effect(
        champion.at(number) if follows else champion,
        tuple(born.values()),
        deaths,
        tuple(_applications(candidates, merits, outcomes, born, residents)),
        dict(Counter(outcome for outcome in outcomes if outcome != ADMITTED)),
        tuple((one.lesson.task, one.lesson.attempt, one.feedback) for one in candidates if one.feedback),
    )


async def _judged(hand: Hand, change: ByHand, number: int, lessons: Lessons) -> list[_Candidate]:
    """Every lesson with its verdict; those that the run may not learn from are not put to the environment."""
    environment, gone = hand.environment, forgotten(hand.journal, hand.journal.iterations())
    assert environment is not None
    found: list[_Candidate] = []
    known: set[str] = set()
    for said in lessons:
        carried = CarriedExemplar.model_validate(said)
        lesson = _by_own_task(hand, lesson_of(carried, carried.environment, edited=True))
        reason = f"{change.reason}: {carried.id or 'one'} of run {carried.run or '?'}, verified again"
        exemplar = replace(lesson.exemplar, born=number, reason=reason, attempt_id=lesson.attempt.id)
        barred = TWICE if exemplar.id in known else _barred(carried, lesson, environment.name)
        barred = gone[said_by(exemplar)].reason if said_by(exemplar) in gone else barred
        known.add(exemplar.id)
        found.append(_Candidate(lesson, exemplar, None, barred))
    open_ = [place for place, one in enumerate(found) if not one.barred]
    pairs = [(found[place].lesson.task, found[place].lesson.attempt.answer) for place in open_]
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


def _residents(
    hand: Hand, candidates: Sequence[_Candidate], vectors: Vectors, rating: RatingRecord | None
) -> list[Resident | None]:
    """Of each candidate the exemplar in memory that is most alike."""
    pins = pinned(hand.journal.iterations())
    found: list[Resident | None] = []
    for near in hand.memory.nearest(vectors, 1, revision=NOW) or [[]] * len(candidates):
        for neighbour in near:
            one = hand.memory[neighbour.id]
            merit = merit_of(one, rating)
            found.append(Resident(one.id, one.lesson, one.cell, neighbour.similarity, merit, pinned=one.id in pins))
        found += [] if near else [None]
    return found


def _decided(
    hand: Hand,
    candidates: Sequence[_Candidate],
    merits: Sequence[float],
    vectors: Vectors,
    residents: Sequence[Resident | None],
) -> Admission:
    """Who comes in by the policy of the run, as far as there is room."""
    policies = choose_policies(hand.config)
    applicants = [
        Applicant(
            attempt_id=one.lesson.attempt.id,
            lesson=one.exemplar.lesson,
            cell=one.exemplar.cell,
            verified=one.verified,
            judged=one.feedback is not None and one.feedback.status.judged,
            merit=merit,
            barred=one.barred,
        )
        for one, merit in zip(candidates, merits, strict=True)
    ]
    decision = policies.admission.decide(
        applicants,
        np.asarray(vectors),
        residents=residents,
        per_task=hand.memory.per_lesson,
        per_cell=hand.memory.per_cell,
    )
    new = [place for place in decision.admitted if place not in decision.replaced.values()]
    excess = min(policies.eviction.excess(len(hand.memory) + len(new)), len(new))
    left = set(new[len(new) - excess :])
    return Admission(
        tuple(place for place in decision.admitted if place not in left),
        {**decision.refused, **dict.fromkeys(left, FULL)},
        decision.replaced,
    )


def _applications(
    candidates: Sequence[_Candidate],
    merits: Sequence[float],
    outcomes: Sequence[str],
    born: Mapping[int, Exemplar],
    residents: Sequence[Resident | None],
) -> Iterator[ApplicantRecord]:
    """What became of each, in the order of the file."""
    for place, (one, merit, outcome, near) in enumerate(zip(candidates, merits, outcomes, residents, strict=True)):
        yield ApplicantRecord(
            one.lesson.attempt.id,
            outcome,
            merit,
            one.exemplar.turn,
            born[place].id if place in born else "",
            near.exemplar_id if near else "",
            near.similarity if near else None,
        )
