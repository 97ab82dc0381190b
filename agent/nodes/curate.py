from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Checked, Curated, Rated
from burnish.agent.rollouts.candidates import Candidate, candidates
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.admission import Applicant, NovelAdmission, Resident, unverified
from burnish.policies.eviction import Eviction, usefulness
from burnish.policies.involvement import seen_by_people
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
    born, died, refused = _admit(iteration, admission, offered, rated)
    iteration.memory.stage(born, died, revision=iteration.number)
    evicted = _evict(iteration, eviction)
    iteration.memory.stage([], evicted, revision=iteration.number)
    return Curated(
        born=tuple(born),
        died={**died, **evicted},
        refused=dict(Counter([*refused, *checked.barred.values()])),
        memory=len(iteration.memory),
    )


async def refuse(iteration: Iteration, checked: Checked, *, judged: Sequence[Judged], tasks: Sequence[Task]) -> Curated:
    """Count why nothing is learned, where nothing was verified: nothing has to be embedded or compared for that."""
    offered = _offered(iteration, checked, judged, tasks)
    reasons = [unverified(judged=c.feedback.status.judged, verified=c.verified) for c in offered]
    return Curated(refused=dict(Counter([*reasons, *checked.barred.values()])), memory=len(iteration.memory))


def _offered(
    iteration: Iteration, checked: Checked, judged: Sequence[Judged], tasks: Sequence[Task]
) -> list[Candidate]:
    """What this iteration's answers and the trials of the last one's challengers offer, each answer once."""
    by_id = {task.id: task for task in tasks}
    # Where people write or judge what is learned, they have not seen the trials.
    seen = seen_by_people(iteration.config.level)
    trials = [] if seen else iteration.journal.judged("rewrite", iteration.number - 1)
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
) -> tuple[list[Exemplar], Mapping[str, str], list[str]]:
    """Who is born, who dies for it, and the reasons of all refusals."""
    exemplars = [
        candidate.exemplar(
            born=iteration.number, rating=rated.ratings.get(candidate.attempt.id), level=iteration.config.level
        )
        for candidate in offered
    ]
    applicants = [
        _applicant(candidate, exemplar, _merit(exemplar, rated))
        for candidate, exemplar in zip(offered, exemplars, strict=True)
    ]
    vectors = iteration.memory.embedder.embed([candidate.prompt for candidate in offered])
    decision = policy.decide(
        applicants,
        vectors,
        residents=_residents(iteration, rated, offered, vectors),
        per_task=iteration.memory.per_lesson,
        per_cell=iteration.memory.per_cell,
    )
    died = dict.fromkeys(decision.replaced, "replaced by a near-duplicate with more merit")
    return [exemplars[i] for i in decision.admitted], died, list(decision.refused.values())


def _applicant(candidate: Candidate, exemplar: Exemplar, merit: float) -> Applicant:
    return Applicant(
        attempt_id=candidate.attempt.id,
        lesson=exemplar.lesson,
        cell=exemplar.cell,
        verified=candidate.verified,
        judged=candidate.feedback.status.judged,
        merit=merit,
    )


REVIEWED = 1e-4
"""What a person's verdict adds to the merit of an answer: it decides between two that are equal otherwise."""


def _merit(exemplar: Exemplar, rated: Rated) -> float:
    """The reward; the judge's rating breaks ties once it has earned its vote, and then a person's verdict."""
    rating = (exemplar.rating or 0.0) / 1000 if rated.record.vote else 0.0
    return exemplar.reward + rating + REVIEWED * bool(exemplar.reviewer)


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
    for prompt, neighbour in zip(verified, chain.from_iterable(nearest), strict=False):  # none in an empty memory
        exemplar = iteration.memory[neighbour.id]
        merit = _merit(exemplar, rated)
        found[prompt] = Resident(exemplar.id, exemplar.lesson, exemplar.cell, neighbour.similarity, merit)
    return [found.get(candidate.prompt) for candidate in offered]


def _evict(iteration: Iteration, policy: Eviction) -> dict[str, str]:
    count = policy.excess(len(iteration.memory))
    if count == 0:
        return {}
    alive = iteration.memory.alive()
    size = min(len(alive), max(EVICTION_SAMPLE, 2 * count))
    drawn = sorted(iteration.rng("eviction").choice(len(alive), size, replace=False).tolist())
    sample = [alive[i] for i in drawn]
    useful = usefulness(iteration.past.showings)
    values = np.array([useful.get(e.id, 0.0) for e in sample])
    chosen = policy.choose(iteration.memory.vectors([e.id for e in sample]), values, count)
    return {sample[i].id: "evicted: memory is full and it is crowded or of little use" for i in chosen}
