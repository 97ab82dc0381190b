from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Attempted, Guarded
from burnish.agent.record.events import CellsFrozen, Event, GuardAlarmed
from burnish.agent.record.history import SampleKind
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.diversity import Cells, Diversity, chance_of_less, measure
from burnish.policies.guard import Guard

REMEMBERED_SAMPLE = 64
LEAST_VERIFIED, MOST_VERIFIED = 8, 64
"""Fewer verified answers of an iteration say nothing of their diversity; more add nothing to a sample."""


class _Sample(NamedTuple):
    """Answers to measure, how many of them, and the index of the first measurement they may be compared with."""

    kind: SampleKind
    texts: list[str]
    size: int
    start: int


async def guard(iteration: Iteration, policy: Guard, attempted: Attempted, *, judged: Sequence[Judged]) -> Guarded:
    """Measure the diversity of what is generated and remembered, and decide what to do when it falls.

    What was verified is compared with the first iteration that had enough of it: only that can be learned, and a
    model that learns the form of an answer makes all its answers more alike without collapsing. With too few verified,
    all answers are compared with the first iteration that had exemplars to show.
    """
    past, sample = iteration.past, _sample(iteration, attempted, judged)
    vectors = iteration.meaning.embed(sample.texts)
    alike = [
        i for i, d in enumerate(past.measured) if i >= sample.start and (d.kind, d.n) == (sample.kind, sample.size)
    ]
    first = alike[0] if alike else len(past.measured)
    cells = past.cells[sample.kind, sample.size] if alike else Cells.fit(vectors)
    rng = iteration.rng("diversity")
    diversity = replace(measure(vectors, sample.texts, cells, size=sample.size, rng=rng), kind=sample.kind)
    if alike and (before := past.first_texts.get((sample.kind, sample.size))):
        first_vectors = iteration.meaning.embed(before[: sample.size])
        diversity = replace(diversity, by_chance=chance_of_less(first_vectors, vectors[: sample.size]))
    remembered = _remembered(iteration, next(iter(past.cells.values()), cells))
    history = [*past.measured, diversity][first:]
    decision = policy.decide(history, history[0], past.actions[first:])
    events: list[Event] = [] if alike else [CellsFrozen(sample.kind, sample.size, cells, tuple(sample.texts))]
    if decision.alarms:
        alarmed = GuardAlarmed(decision.alarms, decision.action)
        events.append(alarmed)
        iteration.notify("guard", {"alarms": list(alarmed.alarms), "action": alarmed.action})
    return Guarded(diversity, remembered, decision.alarms, decision.action, tuple(events))


def _sample(iteration: Iteration, attempted: Attempted, judged: Sequence[Judged]) -> _Sample:
    """One answer a task: samples of a task grow alike as it is learned. Of verified ones the newest are measured, as
    many as the first time: where an iteration has fewer, those before it complete them.
    """
    past, tasks = iteration.past, iteration.config.sampling.tasks
    verified = _verified(judged)
    if len(verified) < max(LEAST_VERIFIED, tasks // 2):
        answers = [a.answer for a in attempted.attempts if a.slot == 0]
        return _Sample("all", answers, tasks, past.first_with_exemplars)
    known = (d.n for d in past.measured if d.comparable and d.kind == "verified")
    size = next(known, min(MOST_VERIFIED, len(verified)))
    for record in reversed(past.records):
        if len(verified) >= size:
            break
        older = _verified([(a, f) for _, a, f in iteration.journal.judged("attempt", record.number)])
        missing = [item for item in older.items() if item[0] not in verified][: size - len(verified)]
        verified |= dict(missing)
    return _Sample("verified", list(verified.values()), size, 0)


def _verified(judged: Iterable[Judged]) -> dict[str, str]:
    """The last verified answer to each task."""
    return {attempt.task_id: attempt.answer for attempt, feedback in judged if feedback.verified}


def _remembered(iteration: Iteration, cells: Cells) -> Diversity | None:
    sample = iteration.memory.sample(iteration.number, REMEMBERED_SAMPLE)
    if not sample:
        return None
    texts = [e.answer for e in sample]
    rng = iteration.rng("remembered sample")
    return measure(iteration.meaning.embed(texts), texts, cells, size=REMEMBERED_SAMPLE, rng=rng)
