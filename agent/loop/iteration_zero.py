"""Iteration 0: the program a run starts from, and the exemplars that people or an earlier run made."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.loop.session import Session
from burnish.agent.record.program_file import load_program
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import ConfigError, PluginError
from burnish.programs import Program
from burnish.protocols import Seed
from burnish.records import IterationRecord
from burnish.types import Exemplar

BEFORE_SEEDS = -1
"""The revision of the seed program. It knows the instruction alone, so what exemplars bring shows against it."""


def with_seeds(seed_program: Program) -> Program:
    """The seed program with the exemplars that people made, if any."""
    return replace(seed_program, revision=0)


async def begin(session: Session, environment: GuardedEnvironment, seed_program: Program) -> IterationRecord:
    """Commit iteration 0. Its memory holds the exemplars of the program file that the run starts from, or else those
    that people made, each judged like any answer.

    Raises:
        PluginError: a seed is not verified, or its task is not of the train split.
        ConfigError: an exemplar of the program file answers a task of another split.

    """
    if session.config.program:
        born, refused = await _from_file(session, environment)
    else:
        born, refused = await _from_people(session, environment), {}
    session.memory.stage(born, {}, revision=0)
    record = IterationRecord(
        number=0,
        revision=0,
        champion_id=seed_program.id,
        admitted=len(born),
        refused=refused,
        memory=len(born),
    )
    programs = [seed_program, *([with_seeds(seed_program)] if born else [])]
    await session.journal.commit_iteration(record, programs=programs, born=born)
    return record


async def _from_people(session: Session, environment: GuardedEnvironment) -> list[Exemplar]:
    seeds = (await environment.seeds())[: session.config.memory.seeds]
    feedbacks = await environment.judge_all([(seed.task, seed.answer) for seed in seeds])
    for seed, feedback in zip(seeds, feedbacks, strict=True):
        shown = f'environment "{environment.name}": the seed for {seed.task.prompt[:60]!r}'
        if seed.task.split != "train":
            raise PluginError(f"{shown} answers a task of the {seed.task.split} split; word it otherwise")
        if not feedback.verified:
            raise PluginError(f"{shown} is not verified ({feedback.text or feedback.reward}); mend its answer")
    await session.journal.add_tasks(0, [seed.task for seed in seeds])
    return [_exemplar(seed) for seed in seeds]


async def _from_file(session: Session, environment: GuardedEnvironment) -> tuple[list[Exemplar], dict[str, int]]:
    """What the environment verifies again of a program file's exemplars, and how many it does not, by reason."""
    file = load_program(session.config.program)
    lessons = list({lesson.exemplar.id: lesson for lesson in file.lessons()}.values())
    for lesson in lessons:
        if lesson.task.split != "train":
            raise ConfigError(
                f"{session.config.program}: the exemplar {lesson.exemplar.prompt[:60]!r} answers a task of the "
                f"{lesson.task.split} split, on which programs are tested; take it out"
            )
    judged = [(lesson.task, lesson.attempt.answer) for lesson in lessons]
    feedbacks = await environment.judge_all(judged)
    attempts = [lesson.attempt for lesson in lessons]
    await session.journal.add_tasks(0, [lesson.task for lesson in lessons])
    await session.journal.add_judged(0, "program", list(zip(attempts, feedbacks, strict=True)))
    await session.journal.add_meta(
        "program", {"hash": file.content_hash, "edited": file.edited, "authors": list(file.authors)}
    )
    pairs = list(zip(lessons, feedbacks, strict=True))
    refused = sum(not feedback.verified for _, feedback in pairs)
    born = [replace(lesson.exemplar, reward=feedback.reward) for lesson, feedback in pairs if feedback.verified]
    return born, ({"of the program file, not verified again": refused} if refused else {})


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
