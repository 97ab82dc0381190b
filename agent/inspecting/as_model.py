"""What a model sees of an environment: the messages of a first attempt at it, and of a later one with exemplars."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from burnish.agent.loop.open_session import make_seed_program
from burnish.agent.models.rendering import task_request
from burnish.config import ModelConfig, ModelsConfig, RunConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import actions_of
from burnish.environments.registry import load
from burnish.errors import PluginError
from burnish.programs import Program
from burnish.types import Exemplar, JsonValue, Message, Played, Record, Task

DRAWN = 12
"""Train tasks that are looked at for exemplars."""


@dataclass(frozen=True)
class AsModel(Record):
    """The messages of a `first` attempt, and of a `later` one with as many exemplars as a program shows; none where the
    environment knows no answers, which a run then has to find. `grammar` is what an answer is held to.
    """

    first: tuple[Message, ...]
    later: tuple[Message, ...]
    grammar: str = ""


@dataclass(frozen=True)
class _Seen:
    id: str
    prompt: str


def as_model(spec: str, options: Mapping[str, JsonValue], *, grammars: bool) -> AsModel:
    """What a model sees; `grammars` says whether its server can hold answers to one, as the embedded one does.

    Raises:
        ConfigError: there is no such environment or option.
        PluginError: the environment cannot be loaded, or poses no tasks.

    """
    return asyncio.run(_as_model(spec, options, grammars=grammars))


async def _as_model(spec: str, options: Mapping[str, JsonValue], *, grammars: bool) -> AsModel:
    environment = load(spec, options)
    guarded = GuardedEnvironment(environment)
    model = ModelConfig() if grammars else ModelConfig(url="http://127.0.0.1/v1")
    program = make_seed_program(RunConfig(environment=spec, models=ModelsConfig(task=model)), environment)
    tasks = await guarded.draw("train", 0, DRAWN)
    if not tasks:
        raise PluginError(f'environment "{spec}" poses no tasks; see `burnish env check {spec}`')
    asked, others = tasks[0], tasks[1:]
    exemplars = [one for task in others for one in await _exemplars(guarded, task)]
    shown = list(islice(exemplars, program.retrieval.k))
    seen, earlier = await _at(guarded, asked, program)
    first = task_request(program, (), await _begun(guarded, asked))
    later = task_request(program, shown, seen, earlier=earlier) if shown else None
    return AsModel(first.messages, later.messages if later else (), first.grammar)


async def _begun(guarded: GuardedEnvironment, task: Task) -> Task | _Seen:
    """The task, or the first turn of it."""
    return (await _at(guarded, task, None))[0]


async def _at(
    guarded: GuardedEnvironment, task: Task, program: Program | None
) -> tuple[Task | _Seen, Sequence[Played]]:
    """The task as it is asked, with the turns before; of an episode its second turn, if a `program` is given."""
    if not guarded.episodic:
        return task, ()
    play = await guarded.play(task)
    if play is None:
        return task, ()
    gold = await guarded.solve(task)
    turns: list[Played] = []
    try:
        for action in actions_of(gold)[: int(program is not None)] if gold else ():
            before = play.turn.observation
            await play.step(action)
            if play.over:
                return _Seen(task.id, before), ()
            turns.append(Played(before, action, play.turn.label))
        history = program.decoding.history if program else 0
        return _Seen(task.id, play.turn.observation), turns[-history:] if history else ()
    finally:
        await play.close()


async def _exemplars(guarded: GuardedEnvironment, task: Task) -> list[Exemplar]:
    """What a right answer to a task would be remembered as."""
    gold = await guarded.solve(task)
    if gold is None:
        return []
    pairs = [(task.prompt, gold)]
    if guarded.episodic:
        play = await guarded.play(task)
        if play is None:
            return []
        pairs = []
        try:
            for action in actions_of(gold):
                pairs.append((play.turn.observation, action))
                await play.step(action)
        finally:
            await play.close()
    return [Exemplar(task.id, prompt, answer, 1.0, task.cell, 0, "") for prompt, answer in pairs]
