from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np
from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.candidates import Lesson, lessons
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.admission import Applicant, Resident
from burnish.policies.eviction import usefulness
from burnish.policies.involvement import seen_by_people
from burnish.types import Exemplar, Task

EVICTION_SAMPLE = 1024
"""Exemplars among which those to leave are sought; bounds the work however large memory grows."""


async def curate(state: State, runtime: Runtime[Session]) -> State:
    """Admit what is verified and novel, merge near-duplicates to one survivor, evict; every refusal has its reason.

    Applicants are this iteration's attempts and the trials of the last one's challengers.
    """
    session = runtime.context
    scratch = session.scratch
    tasks = {task.id: task for task in scratch.tasks}
    # Where people write or judge what is learned, they have not seen these.
    trials = [] if seen_by_people(session.config.level) else session.journal.judged("rewrite", scratch.number - 1)
    tasks |= {a.task_id: session.journal.task(a.task_id) for _, a, _ in trials}
    judged = list({a.id: (a, f) for a, f in [*scratch.judged, *((a, f) for _, a, f in trials)]}.values())
    scratch.born, scratch.died = _admit(session, judged, tasks)
    session.memory.stage(scratch.born, scratch.died, revision=scratch.number)
    evicted = _evict(session)
    session.memory.stage([], evicted, revision=scratch.number)
    scratch.died |= evicted
    return {"admitted": len(scratch.born), "died": len(scratch.died), "memory": len(session.memory)}


def _admit(session: Session, judged: list[Judged], tasks: dict[str, Task]) -> tuple[list[Exemplar], dict[str, str]]:
    scratch = session.scratch
    offered = [
        lesson
        for attempt, feedback in judged
        if attempt.id not in scratch.barred
        for lesson in lessons(attempt, feedback, tasks[attempt.task_id])
    ]
    exemplars = [
        lesson.exemplar(born=scratch.number, rating=scratch.ratings.get(lesson.attempt.id), level=session.config.level)
        for lesson in offered
    ]
    applicants = [_applicant(session, lesson, exemplar) for lesson, exemplar in zip(offered, exemplars, strict=True)]
    vectors = session.memory.embedder.embed([lesson.prompt for lesson in offered])
    decision = session.policies.admission.decide(
        applicants,
        vectors,
        residents=_residents(session, offered, vectors),
        per_task=session.memory.per_lesson,
        per_cell=session.memory.per_cell,
    )
    scratch.refused = dict(Counter([*decision.refused.values(), *scratch.barred.values()]))
    born = [exemplars[i] for i in decision.admitted]
    died = dict.fromkeys(decision.replaced, "replaced by a near-duplicate with more merit")
    return born, died


def _applicant(session: Session, lesson: Lesson, exemplar: Exemplar) -> Applicant:
    return Applicant(
        attempt_id=lesson.attempt.id,
        lesson=exemplar.lesson,
        cell=exemplar.cell,
        verified=lesson.verified,
        judged=lesson.feedback.status.judged,
        merit=_merit(session, exemplar),
    )


REVIEWED = 1e-4
"""What a person's verdict adds to the merit of an answer: it decides between two that are equal otherwise."""


def _merit(session: Session, exemplar: Exemplar) -> float:
    """The reward; the judge's rating breaks ties once it has earned its vote, and then a person's verdict."""
    rating = session.scratch.rating
    rated = (exemplar.rating or 0.0) / 1000 if rating is not None and rating.vote else 0.0
    return exemplar.reward + rated + REVIEWED * bool(exemplar.reviewer)


def _residents(
    session: Session, offered: list[Lesson], vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> list[Resident | None]:
    """Of each lesson that could be learned the nearest exemplar; those of one prompt have it in common."""
    verified = {lesson.prompt: i for i, lesson in enumerate(offered) if lesson.verified}
    nearest = session.memory.nearest(vectors[list(verified.values())], 1, revision=session.revision - 1)
    found: dict[str, Resident] = {}
    for prompt, neighbour in zip(verified, chain.from_iterable(nearest), strict=False):  # none in an empty memory
        exemplar = session.memory[neighbour.id]
        merit = _merit(session, exemplar)
        found[prompt] = Resident(exemplar.id, exemplar.lesson, exemplar.cell, neighbour.similarity, merit)
    return [found.get(lesson.prompt) for lesson in offered]


def _evict(session: Session) -> dict[str, str]:
    count = session.policies.eviction.excess(len(session.memory))
    if count == 0:
        return {}
    alive = session.memory.alive()
    size = min(len(alive), max(EVICTION_SAMPLE, 2 * count))
    drawn = sorted(session.rng("eviction").choice(len(alive), size, replace=False).tolist())
    sample = [alive[i] for i in drawn]
    useful = usefulness(session.past.showings)
    values = np.array([useful.get(e.id, 0.0) for e in sample])
    chosen = session.policies.eviction.choose(session.memory.vectors([e.id for e in sample]), values, count)
    return {sample[i].id: "evicted: memory is full and it is crowded or of little use" for i in chosen}
