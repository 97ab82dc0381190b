"""Iteration 0: the seed program, and the exemplars that people made."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.session import Session
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import PluginError
from burnish.programs import Program
from burnish.protocols import Seed
from burnish.records import IterationRecord
from burnish.types import Exemplar

BEFORE_SEEDS = -1
"""The revision of the seed program. It knows the instruction alone, so what exemplars bring shows against it."""


def with_seeds(seed_program: Program) -> Program:
    """The seed program with the exemplars that people made, if any."""
    return replace(seed_program, revision=0)


async def begin_with_seeds(session: Session, environment: GuardedEnvironment, seed_program: Program) -> IterationRecord:
    """Commit iteration 0; its memory holds the environment's seeds, each judged like any answer.

    Raises:
        PluginError: a seed is not verified, or its task is not of the train split.

    """
    seeds = (await environment.seeds())[: session.config.memory.seeds]
    feedbacks = await environment.judge_all([(seed.task, seed.answer) for seed in seeds])
    for seed, feedback in zip(seeds, feedbacks, strict=True):
        shown = f'environment "{environment.name}": the seed for {seed.task.prompt[:60]!r}'
        if seed.task.split != "train":
            raise PluginError(f"{shown} answers a task of the {seed.task.split} split; word it otherwise")
        if not feedback.verified:
            raise PluginError(f"{shown} is not verified ({feedback.text or feedback.reward}); mend its answer")
    await session.journal.add_tasks([seed.task for seed in seeds])
    born = [_exemplar(seed) for seed in seeds]
    session.memory.stage(born, {}, revision=0)
    record = IterationRecord(number=0, revision=0, champion_id=seed_program.id, admitted=len(born), memory=len(born))
    programs = [seed_program, *([with_seeds(seed_program)] if born else [])]
    await session.journal.commit_iteration(record, programs=programs, born=born, died={})
    return record


def _exemplar(seed: Seed) -> Exemplar:
    task = seed.task
    return Exemplar(
        task_id=task.id,
        prompt=task.prompt,
        answer=seed.answer,
        reward=1.0,
        cell=task.cell,
        born=0,
        model="",
        origin="seed",
        level=1,
        reason="made by people",
    )
