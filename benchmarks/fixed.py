"""What retrieval is worth: the champion of a run against the same with fixed exemplars, as other libraries hold it.

Both answer the same fresh validation tasks, with no grammar. The difference is that of the fixed ones from retrieval,
with its 95 % interval. Without a run, one of 160 calls on sentences with contacts is made first. About five minutes on
two free cores.

    python benchmarks/fixed.py [RUN] [--tasks 40]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx

from burnish import RunConfig, open_run, run
from burnish.agent.exports.fixed import fixed_program
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.rendering import render
from burnish.agent.record.memory import recalled_memory
from burnish.agent.rollouts.retriever import Retriever
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load
from burnish.policies.statistics import compare
from burnish.types import Message, Task

Messages = Callable[[Task], Sequence[Message]]


def retrieved(looked: InspectedRun, tasks: Sequence[Task]) -> Messages:
    """The messages with the exemplars that the champion retrieves, looked up for all tasks at once."""
    program = looked.program()
    with looked.journal() as journal:
        memory = recalled_memory(looked.place, looked.config, journal, program.revision)
        found = Retriever(memory).recall(program, tasks)
    shown = {task.id: recalled.exemplars for task, recalled in zip(tasks, found, strict=True)}
    return lambda task: render(program, shown[task.id], task)


SEED = 7_000_000
"""Of the tasks; the loop's own seeds are small."""


def small_run(folder: Path) -> InspectedRun:
    config = {"environment": "contacts", "environment_options": {"level": "sentences"}, "budget": {"calls": 160}}
    run(RunConfig.parse(config, "benchmark"), directory=folder)
    return open_run(folder)


def ways(looked: InspectedRun, tasks: Sequence[Task]) -> dict[str, Messages]:
    """How the messages of a task are made."""
    fixed = fixed_program(looked)
    first = replace(fixed, choice=replace(fixed.choice, exemplars=tuple(looked.shown()[: len(fixed.choice.exemplars)])))
    bare = replace(fixed, choice=replace(fixed.choice, exemplars=()))
    return {
        "retrieved for each task": retrieved(looked, tasks),
        f"fixed: {fixed.choice.said}": lambda task: fixed.frame.around(task.prompt),
        "fixed: the first in memory": lambda task: first.frame.around(task.prompt),
        "none": lambda task: bare.frame.around(task.prompt),
    }


async def passes(looked: InspectedRun, tasks: Sequence[Task], messages: Messages, url: str) -> list[bool]:
    environment = GuardedEnvironment(load(looked.config.environment, {**looked.config.environment_options}))
    length = looked.program().decoding.max_tokens
    answers = []
    async with httpx.AsyncClient(timeout=600) as client:
        for task in tasks:
            said = [message.to_json() for message in messages(task)]
            body = {"messages": said, "max_tokens": length, "temperature": 0}
            reply = await client.post(f"{url}/chat/completions", json=body)
            answers.append(reply.json()["choices"][0]["message"]["content"])
    judged = await environment.judge_all(list(zip(tasks, answers, strict=True)))
    return [feedback.verified for feedback in judged]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--tasks", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        looked = open_run(options.run) if options.run else small_run(Path(scratch) / "run")
        environment = load(looked.config.environment, {**looked.config.environment_options})
        tasks = asyncio.run(GuardedEnvironment(environment).draw("validation", SEED, options.tasks))
        before: list[bool] = []
        with EmbeddedServer(model_file(looked.config.models.task.file or None)) as server:
            for name, messages in ways(looked, tasks).items():
                after = asyncio.run(passes(looked, tasks, messages, server.base_url))
                before = before or after
                change = compare(before, after).difference
                said = f"{change.estimate:+.3f} [{change.lower:+.3f}, {change.upper:+.3f}]"
                print(f"{name:44} {sum(after):3} of {len(after)}  {said}", flush=True)


if __name__ == "__main__":
    main()
