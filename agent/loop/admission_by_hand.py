"""Letting in exemplars by hand: each passes the admission of any other answer, and nobody is evicted for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from burnish.agent.loop.hand_effects import Hand
from burnish.agent.loop.policies import choose_policies
from burnish.agent.nodes.curate import merit_of
from burnish.agent.record.by_hand import pinned
from burnish.memory.store import NOW
from burnish.policies.admission import Admission, Applicant, Resident, Vectors
from burnish.records import ADMITTED, REPLACED, ApplicantRecord, DeathRecord, RatingRecord
from burnish.types import Attempt, Exemplar, Feedback, Task

FULL = "memory is full"


@dataclass(frozen=True)
class Candidate:
    """An answer on its way in as an exemplar, what was said of it, and why it may not come in at all."""

    task: Task
    attempt: Attempt
    exemplar: Exemplar
    feedback: Feedback | None
    barred: str

    @property
    def verified(self) -> bool:
        """Whether it may be learned; a turn of an episode that was labelled wrong is none."""
        turns, turn = self.attempt.turns, self.exemplar.turn
        sound = turn is None or (turn < len(turns) and turns[turn].label >= 0)
        return self.feedback is not None and self.feedback.verified and sound


@dataclass(frozen=True)
class LetIn:
    """Who came in, who died for it, and what became of each candidate, in their order."""

    born: tuple[Exemplar, ...]
    deaths: tuple[DeathRecord, ...]
    applicants: tuple[ApplicantRecord, ...]


def let_in(hand: Hand, candidates: Sequence[Candidate], *, number: int) -> LetIn:
    """Stage in memory whom the admission policy of the run lets in, in iteration `number`."""
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
    applicants = tuple(_applications(candidates, merits, outcomes, born, residents))
    return LetIn(tuple(born.values()), deaths, applicants)


def _residents(
    hand: Hand, candidates: Sequence[Candidate], vectors: Vectors, rating: RatingRecord | None
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
    candidates: Sequence[Candidate],
    merits: Sequence[float],
    vectors: Vectors,
    residents: Sequence[Resident | None],
) -> Admission:
    """Who comes in by the policy of the run, as far as there is room."""
    policies = choose_policies(hand.config)
    applicants = [
        Applicant(
            attempt_id=one.attempt.id,
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
    candidates: Sequence[Candidate],
    merits: Sequence[float],
    outcomes: Sequence[str],
    born: Mapping[int, Exemplar],
    residents: Sequence[Resident | None],
) -> Iterator[ApplicantRecord]:
    """What became of each, in the order of the file."""
    for place, (one, merit, outcome, near) in enumerate(zip(candidates, merits, outcomes, residents, strict=True)):
        yield ApplicantRecord(
            one.attempt.id,
            outcome,
            merit,
            one.exemplar.turn,
            born[place].id if place in born else "",
            near.exemplar_id if near else "",
            near.similarity if near else None,
        )
