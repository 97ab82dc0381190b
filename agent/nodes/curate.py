from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np
from langgraph.runtime import Runtime

from burnish.agent.evaluation import Judged
from burnish.agent.nodes.state import State
from burnish.agent.session import Session
from burnish.policies.admission import Applicant, Resident
from burnish.policies.eviction import usefulness
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
    trials = [(a, f) for _, a, f in session.journal.judged("rewrite", scratch.number - 1)]
    tasks |= {a.task_id: session.journal.task(a.task_id) for a, _ in trials}
    judged = list({a.id: (a, f) for a, f in [*scratch.judged, *trials]}.values())
    scratch.born, scratch.died = _admit(session, judged, tasks)
    session.memory.stage(scratch.born, scratch.died, revision=scratch.number)
    evicted = _evict(session)
    session.memory.stage([], evicted, revision=scratch.number)
    scratch.died |= evicted
    return {"admitted": len(scratch.born), "died": len(scratch.died), "memory": len(session.memory)}


def _admit(session: Session, judged: list[Judged], tasks: dict[str, Task]) -> tuple[list[Exemplar], dict[str, str]]:
    scratch = session.scratch
    applicants = [
        Applicant(
            attempt_id=a.id,
            task_id=a.task_id,
            cell=tasks[a.task_id].cell,
            verified=f.verified,
            judged=f.status.judged,
            merit=_merit(session, f.reward, scratch.ratings.get(a.id)),
        )
        for a, f in judged
    ]
    vectors = session.memory.embedder.embed([tasks[a.task_id].prompt for a, _ in judged])
    decision = session.policies.admission.decide(
        applicants,
        vectors,
        residents=_residents(session, applicants, vectors),
        per_task=session.memory.per_task,
        per_cell=session.memory.per_cell,
    )
    scratch.refused = dict(Counter(decision.refused.values()))
    born = [
        Exemplar(
            task_id=judged[i][0].task_id,
            prompt=tasks[judged[i][0].task_id].prompt,
            answer=judged[i][0].answer,
            reward=judged[i][1].reward,
            cell=tasks[judged[i][0].task_id].cell,
            born=scratch.number,
            model=judged[i][0].model,
            rating=scratch.ratings.get(judged[i][0].id),
            reason="verified and novel",
        )
        for i in decision.admitted
    ]
    died = dict.fromkeys(decision.replaced, "replaced by a near-duplicate with more merit")
    return born, died


def _merit(session: Session, reward: float, rated: float | None) -> float:
    """The reward; the judge's rating breaks ties once it has earned its vote."""
    rating = session.scratch.rating
    if rating is None or not rating.vote:
        return reward
    return reward + (rated or 0.0) / 1000


def _residents(
    session: Session, applicants: list[Applicant], vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> list[Resident | None]:
    """Of each applicant that could be admitted the nearest exemplar; those of one task have it in common."""
    verified = {applicant.task_id: i for i, applicant in enumerate(applicants) if applicant.verified}
    nearest = session.memory.nearest(vectors[list(verified.values())], 1, revision=session.revision - 1)
    found: dict[str, Resident] = {}
    for task_id, neighbour in zip(verified, chain.from_iterable(nearest), strict=False):  # none in an empty memory
        exemplar = session.memory[neighbour.id]
        merit = _merit(session, exemplar.reward, exemplar.rating)
        found[task_id] = Resident(exemplar.id, exemplar.task_id, exemplar.cell, neighbour.similarity, merit)
    return [found.get(applicant.task_id) for applicant in applicants]


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
