from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Checked, Curated, Rated
from burnish.agent.record.by_hand import forgotten, pinned, said_by
from burnish.agent.rollouts.candidates import Candidate, candidates
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.admission import Applicant, NovelAdmission, Resident, unverified
from burnish.policies.eviction import Eviction, usefulness
from burnish.policies.involvement import seen_by_people
from burnish.records import ADMITTED, EVICTED, REPLACED, ApplicantRecord, DeathRecord, RatingRecord
from burnish.types import Exemplar, Task

EVICTION_SAMPLE = 1024
"""Exemplars among which those to leave are sought; bounds the work however large memory grows."""


async def curate(
    iteration: Iteration,
    admission: NovelAdmission,
    eviction: Eviction,
    checked: Checked,
    rated: Rated,
    *,
    judged: Sequence[Judged],
    tasks: Sequence[Task],
) -> Curated:
    """Admit what is verified and novel, merge near-duplicates to one survivor, evict; every refusal has its reason.

    Candidates are this iteration's answers and the trials of the last one's challengers.
    """
    offered = _offered(iteration, checked, judged, tasks)
    born, replaced, applicants = _admit(iteration, admission, offered, rated)
    iteration.memory.stage(born, {d.exemplar_id: d.reason for d in replaced}, revision=iteration.number)
    evicted = _evict(iteration, eviction)
    iteration.memory.stage([], {d.exemplar_id: d.reason for d in evicted}, revision=iteration.number)
    return _curated(iteration, checked, applicants, born=born, deaths=[*replaced, *evicted])


async def refuse(iteration: Iteration, checked: Checked, *, judged: Sequence[Judged], tasks: Sequence[Task]) -> Curated:
    """Count why nothing is learned, where nothing was verified: nothing has to be embedded or compared for that."""
    offered = _offered(iteration, checked, judged, tasks)
    applicants = [
        ApplicantRecord(c.attempt.id, unverified(judged=c.feedback.status.judged, verified=c.verified), 0.0, c.turn)
        for c in offered
    ]
    return _curated(iteration, checked, applicants)


def _curated(
    iteration: Iteration,
    checked: Checked,
    applicants: Sequence[ApplicantRecord],
    *,
    born: Sequence[Exemplar] = (),
    deaths: Sequence[DeathRecord] = (),
) -> Curated:
    """What came of all applicants, those that were barred included."""
    every = [*applicants, *(ApplicantRecord(id_, reason, 0.0) for id_, reason in checked.barred.items())]
    refused = Counter(one.outcome for one in every if one.outcome != ADMITTED)
    return Curated(tuple(born), tuple(deaths), tuple(every), dict(refused), len(iteration.memory))


def _offered(
    iteration: Iteration, checked: Checked, judged: Sequence[Judged], tasks: Sequence[Task]
) -> list[Candidate]:
    """What this iteration's answers and the trials of the last one's challengers offer, each answer once."""
    by_id = {task.id: task for task in tasks}
    # Where people write or judge what is learned, they have not seen the trials.
    seen = seen_by_people(iteration.config.level)
    trials = [] if seen else iteration.journal.judged("rewrite", iteration.before)
    by_id |= {a.task_id: iteration.journal.task(a.task_id) for _, a, _ in trials}
    unique = {a.id: (a, f) for a, f in [*judged, *((a, f) for _, a, f in trials)]}
    return [
        candidate
        for attempt, feedback in unique.values()
        if attempt.id not in checked.barred
        for candidate in candidates(attempt, feedback, by_id[attempt.task_id])
    ]


def _admit(
    iteration: Iteration, policy: NovelAdmission, offered: Sequence[Candidate], rated: Rated
) -> tuple[list[Exemplar], list[DeathRecord], list[ApplicantRecord]]:
    """Who is born, who dies for it, and what came of everyone."""
    exemplars = [
        candidate.exemplar(
            born=iteration.number, rating=rated.ratings.get(candidate.attempt.id), level=iteration.config.level
        )
        for candidate in offered
    ]
    merits = [merit_of(exemplar, rated.record) for exemplar in exemplars]
    known = forgotten(iteration.journal, iteration.past.by_hand)
    barred = [why.reason if (why := known.get(said_by(exemplar))) else "" for exemplar in exemplars]
    applicants = [_applicant(*one) for one in zip(offered, exemplars, merits, barred, strict=True)]
    vectors = iteration.memory.embedder.embed([candidate.prompt for candidate in offered])
    residents = _residents(iteration, rated, offered, vectors)
    decision = policy.decide(
        applicants,
        vectors,
        residents=residents,
        per_task=iteration.memory.per_lesson,
        per_cell=iteration.memory.per_cell,
    )
    victims = {survivor: victim for victim, survivor in decision.replaced.items()}
    born = {i: replace(exemplars[i], reason=_reason(residents[i], victims.get(i, ""))) for i in decision.admitted}
    records = []
    for i, (candidate, merit) in enumerate(zip(offered, merits, strict=True)):
        found = _nearest(i, residents[i], vectors, born) if candidate.verified else ("", None)
        outcome, exemplar_id = decision.refused.get(i, ADMITTED), born[i].id if i in born else ""
        records.append(ApplicantRecord(candidate.attempt.id, outcome, merit, candidate.turn, exemplar_id, *found))
    deaths = []
    for victim, survivor in decision.replaced.items():
        resident = residents[survivor]
        likeness = resident.similarity if resident is not None and resident.exemplar_id == victim else None
        deaths.append(DeathRecord(victim, REPLACED, born[survivor].id, likeness))
    return list(born.values()), deaths, records


def _reason(resident: Resident | None, victim: str) -> str:
    """Why an exemplar was admitted."""
    if victim:
        return f"verified, with more merit than {victim}, whose place it takes"
    return "verified and novel" if resident is not None else "verified; memory was empty"


def _nearest(
    place: int,
    resident: Resident | None,
    vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    born: Mapping[int, Exemplar],
) -> tuple[str, float | None]:
    """The exemplar most alike, of memory and of those that are new with it, and the cosine."""
    found: tuple[str, float | None] = (resident.exemplar_id, resident.similarity) if resident else ("", None)
    others = [i for i in born if i != place]
    if others:
        cosines = vectors[others] @ vectors[place]
        best = int(np.argmax(cosines))
        if found[1] is None or cosines[best] > found[1]:
            found = born[others[best]].id, float(cosines[best])
    return found


def _applicant(candidate: Candidate, exemplar: Exemplar, merit: float, barred: str) -> Applicant:
    return Applicant(
        attempt_id=candidate.attempt.id,
        lesson=exemplar.lesson,
        cell=exemplar.cell,
        verified=candidate.verified,
        judged=candidate.feedback.status.judged,
        merit=merit,
        barred=barred,
    )


REVIEWED = 1e-4
"""What a person's verdict adds to the merit of an answer: it decides between two that are equal otherwise."""


def merit_of(exemplar: Exemplar, rating: RatingRecord | None) -> float:
    """The reward; the judge's rating breaks ties once it has earned its vote, and then a person's verdict."""
    rated = (exemplar.rating or 0.0) / 1000 if rating and rating.vote else 0.0
    return exemplar.reward + rated + REVIEWED * bool(exemplar.reviewer)


def _residents(
    iteration: Iteration,
    rated: Rated,
    offered: Sequence[Candidate],
    vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> list[Resident | None]:
    """Of each candidate that could be learned the nearest exemplar; those of one prompt have it in common."""
    verified = {candidate.prompt: i for i, candidate in enumerate(offered) if candidate.verified}
    nearest = iteration.memory.nearest(vectors[list(verified.values())], 1, revision=iteration.number - 1)
    found: dict[str, Resident] = {}
    pins = pinned(iteration.past.by_hand)
    for prompt, neighbour in zip(verified, chain.from_iterable(nearest), strict=False):  # none in an empty memory
        exemplar = iteration.memory[neighbour.id]
        merit = merit_of(exemplar, rated.record)
        found[prompt] = Resident(
            exemplar.id, exemplar.lesson, exemplar.cell, neighbour.similarity, merit, pinned=exemplar.id in pins
        )
    return [found.get(candidate.prompt) for candidate in offered]


def _evict(iteration: Iteration, policy: Eviction) -> list[DeathRecord]:
    count = policy.excess(len(iteration.memory))
    if count == 0:
        return []
    pins = pinned(iteration.past.by_hand)
    alive = [exemplar for exemplar in iteration.memory.alive() if exemplar.id not in pins]
    count = min(count, len(alive))
    size = min(len(alive), max(EVICTION_SAMPLE, 2 * count))
    drawn = sorted(iteration.rng("eviction").choice(len(alive), size, replace=False).tolist())
    sample = [alive[i] for i in drawn]
    useful = usefulness(iteration.past.showings)
    values = np.array([useful.get(e.id, 0.0) for e in sample])
    vectors = iteration.memory.vectors([e.id for e in sample])
    chosen = policy.choose(vectors, values, count)
    staying = np.setdiff1d(np.arange(size), chosen)
    deaths = []
    for i in chosen:
        twin, likeness = "", None
        if len(staying):
            cosines = vectors[staying] @ vectors[i]
            twin, likeness = sample[staying[int(np.argmax(cosines))]].id, float(cosines.max())
        deaths.append(DeathRecord(sample[i].id, EVICTED, twin, likeness, useful.get(sample[i].id)))
    return deaths
