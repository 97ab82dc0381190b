"""Sealed tasks that memory all but holds: a gain on them may be copying, however the verdict reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from burnish.agent.loop.session import Session
from burnish.agent.record.memory import shared_text
from burnish.environments.boundary import GuardedEnvironment
from burnish.types import Exemplar, Task

Vectors = NDArray[np.float32]

ALIKE = 0.8
"""Cosine in meaning from which on an exemplar may be the twin of a task."""
CLOSEST = 5
"""Exemplars a task whose answers are tried on it, the most alike first."""
BLOCK = 1024
"""Exemplars that are compared at a time."""


async def with_twins(session: Session, environment: GuardedEnvironment, tasks: Sequence[Task]) -> set[str]:
    """The ids of those tasks that have a near-twin among what the champion may show.

    That is a text that means the same, in what it does not share with many others, and whose answer is right for the
    task as well. Of an episode, whose answer fits no other, a text that means the same is enough.
    """
    champion = session.champion
    exemplars = [e for e in session.memory.at(champion.revision) if champion.shows(e)]
    if not exemplars or not tasks:
        return set()
    found = _closest(_vectors(session, [t.prompt for t in tasks]), session, exemplars)
    if environment.episodic:
        return {task.id for task, near in zip(tasks, found, strict=True) if near}
    answers = [dict.fromkeys(exemplars[i].answer for i in near) for near in found]
    pairs = [(task, answer) for task, several in zip(tasks, answers, strict=True) for answer in several]
    feedbacks = await environment.judge_all(pairs)
    return {task.id for (task, _), feedback in zip(pairs, feedbacks, strict=True) if feedback.verified}


def _closest(vectors: Vectors, session: Session, exemplars: Sequence[Exemplar]) -> list[list[int]]:
    """Of each task the exemplars that are alike, at most `CLOSEST`."""
    blocks = [
        vectors @ _vectors(session, [e.prompt for e in exemplars[start : start + BLOCK]]).T
        for start in range(0, len(exemplars), BLOCK)
    ]
    cosines = np.concatenate(blocks, axis=1)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :CLOSEST]
    return [[int(i) for i in row if cosines[place, i] >= ALIKE] for place, row in enumerate(order)]


def _vectors(session: Session, texts: Sequence[str]) -> Vectors:
    shared = shared_text(session.journal)
    return session.meaning.embed([shared.apart(text)[0] for text in texts])
