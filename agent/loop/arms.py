"""The programs that answer sealed tasks: seed and champion, and the controls that say what a gain is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from burnish.agent.loop.iteration_zero import with_seeds
from burnish.agent.loop.session import Session
from burnish.agent.models.rendering import Query
from burnish.agent.rollouts.answering import Recall
from burnish.agent.rollouts.evaluate import Judged, judge_all
from burnish.agent.rollouts.retriever import Recalled
from burnish.environments.boundary import GuardedEnvironment
from burnish.programs import Program
from burnish.records import DRAWN, FEW_SHOT, IN_FORM, SHUFFLED, WITHOUT_ADAPTER
from burnish.types import Attempt, Task

FORM_TASKS = 8
"""Tasks of which it is seen whether their answers have a form that can be held to."""


@dataclass(frozen=True)
class Arm:
    """A program on trial, and how it recalls exemplars. A `control` answers half of the tasks."""

    program: Program
    recall: Recall
    control: bool = False


async def arms_of(
    session: Session, environment: GuardedEnvironment, seed: Program, tasks: Sequence[Task]
) -> dict[str, Arm]:
    """All arms that answer by a model, by name; the seed's alone where nothing was promoted."""
    champion, recall = session.champion, session.retriever.recall
    arms = {"seed": Arm(seed, recall)}
    if champion.id == seed.id:
        return arms
    arms["champion"] = Arm(champion, recall)
    few_shot = with_seeds(seed)
    if session.memory.count(few_shot.revision) and few_shot.id != seed.id:
        arms[FEW_SHOT] = Arm(few_shot, recall, control=True)
    if (in_form := await _in_form(session, environment, seed, tasks)) is not None:
        arms[IN_FORM] = Arm(in_form, recall, control=True)
    if (drawn := _with_drawn(session, seed)) is not None:
        arms[DRAWN] = Arm(drawn, recall, control=True)
    if (shuffled := _shuffled(session, champion)) is not None:
        arms[SHUFFLED] = Arm(champion, shuffled, control=True)
    if champion.adapter != seed.adapter:
        arms[WITHOUT_ADAPTER] = Arm(replace(champion, adapter=seed.adapter), recall, control=True)
    return arms


async def _in_form(
    session: Session, environment: GuardedEnvironment, seed: Program, tasks: Sequence[Task]
) -> Program | None:
    """The seed with its answers in the format of the champion's, or else held to the form that the environment says or
    the answers in memory have; None where there is no such form.
    """
    own, learned = seed.decoding, session.champion.decoding
    if learned.format not in (own.format, "form"):
        return replace(seed, decoding=replace(own, format=learned.format))
    if own.format != "text" or not session.config.models.task.takes_grammars:
        return None
    forms = [await session.forms.grammar(environment, task, session.champion.revision) for task in tasks[:FORM_TASKS]]
    if not any(forms):
        return None
    retrieval = replace(seed.retrieval, k=0)  # its memory says what form answers have, and nothing of it is shown
    return replace(seed, revision=session.champion.revision, retrieval=retrieval, decoding=replace(own, format="form"))


def _with_drawn(session: Session, seed: Program) -> Program | None:
    """The seed with as many exemplars as it shows, drawn from the champion's memory once for all tasks."""
    champion, k = session.champion, seed.retrieval.k
    exemplars = [exemplar for exemplar in session.memory.at(champion.revision) if champion.shows(exemplar)]
    if not k or len(exemplars) <= k:
        return None
    rng = np.random.default_rng([session.config.seed, 0xD8A2])
    chosen = rng.choice(len(exemplars), k, replace=False).tolist()
    return replace(seed, revision=champion.revision, only=tuple(sorted(exemplars[i].id for i in chosen)))


def _shuffled(session: Session, champion: Program) -> Recall | None:
    """Recalls the same exemplars, each with the answer of another: a placebo as long as the real thing."""
    exemplars = [exemplar for exemplar in session.memory.at(champion.revision) if champion.shows(exemplar)]
    if len(exemplars) < 2:
        return None
    # a cycle through a random order gives every exemplar another one's answer
    order = np.random.default_rng([session.config.seed, 0x51F7]).permutation(len(exemplars)).tolist()
    answers = {exemplars[a].id: exemplars[b].answer for a, b in zip(order, order[1:] + order[:1], strict=True)}

    def recall(program: Program, queries: Sequence[Query]) -> list[Recalled]:
        return [
            replace(r, exemplars=tuple(replace(e, answer=answers[e.id]) for e in r.exemplars), originals=r.ids)
            for r in session.retriever.recall(program, queries)
        ]

    return recall


async def nearest_answers(session: Session, environment: GuardedEnvironment, tasks: Sequence[Task]) -> list[Judged]:
    """What the champion's exemplar most alike says to each task, given out with no model; nothing where it shows none.

    Where test tasks are like train tasks, that may be as good as any learning.
    """
    champion = session.champion
    if environment.episodic or not any(map(champion.shows, session.memory.at(champion.revision))):
        return []
    copying = replace(champion, retrieval=replace(champion.retrieval, policy="nearest", k=1, relevance=1.0))
    recalled = session.retriever.recall(copying, tasks)
    attempts = [
        Attempt(task.id, 0, one.exemplars[0].answer, program_id="", model="", exemplar_ids=one.ids)
        for task, one in zip(tasks, recalled, strict=True)
        if one.exemplars
    ]
    if len(attempts) < len(tasks):
        return []
    feedbacks = await judge_all(environment, session.journal, tasks, attempts)
    return list(zip(attempts, feedbacks, strict=True))
