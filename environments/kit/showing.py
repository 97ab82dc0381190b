"""A look at an environment: a few of its tasks, and what it says of right, empty and wrong answers to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from burnish.environments.kit.findings import Broken, Limits
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.registry import load
from burnish.protocols import Environment
from burnish.types import SPLITS, Feedback, JsonValue, Record, Task

SHOWN = 3
WRONG = "I do not know."


@dataclass(frozen=True)
class Judged(Record):
    """One answer and what was said of it. `kind` is "gold", "empty" or "wrong"."""

    kind: str
    answer: str
    feedback: Feedback


@dataclass(frozen=True)
class ShownTask(Record):
    """One task with the verdicts on some answers."""

    prompt: str
    cell: str
    split: str
    answers: tuple[Judged, ...]
    form: str = ""


@dataclass(frozen=True)
class Showing(Record):
    """What one sees of an environment at a glance. What it does not say of itself is empty."""

    spec: str
    name: str
    instruction: str
    abilities: tuple[str, ...]
    levels: tuple[str, ...]
    licence: str
    provenance: str
    tools: tuple[str, ...]
    max_turns: int | None
    tasks: tuple[ShownTask, ...]


def show(spec: str, options: Mapping[str, JsonValue], *, limits: Limits | None = None) -> Showing:
    """Three tasks of an environment, one of each split, and what it says of itself.

    Raises:
        ConfigError: there is no such environment or option.
        PluginError: the environment cannot be loaded, or fails to pose its tasks.

    """
    return asyncio.run(_show(spec, load(spec, options), limits or Limits()))


async def _show(spec: str, environment: Environment, limits: Limits) -> Showing:
    probe = EnvironmentProbe(environment, limits)
    tasks = [task for split in SPLITS for task in await probe.draw(split, 0, SHOWN)]
    first = [next((task for task in tasks if task.split == split), None) for split in SPLITS]
    picked = [task for task in first if task is not None][:SHOWN]
    if not picked:
        raise Broken(f'environment "{spec}" poses no tasks; see `burnish env check {spec}`')
    return Showing(
        spec=spec,
        name=environment.name,
        instruction=environment.instruction,
        abilities=probe.abilities,
        levels=_texts(getattr(environment, "levels", ())),
        licence=str(getattr(environment, "licence", "")),
        provenance=str(getattr(environment, "provenance", "")),
        tools=tuple(tool.name for tool in probe.guarded.tools),
        max_turns=probe.guarded.calls_per_attempt if probe.guarded.episodic else None,
        tasks=tuple([await _shown(probe, task, tasks) for task in picked]),
    )


async def _shown(probe: EnvironmentProbe, task: Task, tasks: Sequence[Task]) -> ShownTask:
    gold = await probe.gold(task)
    answers = {} if gold is None else {"gold": gold}
    answers |= {"empty": "", "wrong": await _wrong(probe, task, gold, tasks)}
    feedback = await probe.verdicts([(task, answer) for answer in answers.values()])
    judged = (Judged(*item, one) for item, one in zip(answers.items(), feedback, strict=True))
    form = await probe.guarded.form(task)
    return ShownTask(task.prompt, task.cell, task.split, tuple(judged), form)


async def _wrong(probe: EnvironmentProbe, task: Task, gold: str | None, tasks: Sequence[Task]) -> str:
    """The right answer to another task, if there is one that differs."""
    for other in tasks:
        answer = await probe.gold(other) if other.id != task.id else None
        if answer is not None and answer != gold:
            return answer
    return WRONG


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else ()
