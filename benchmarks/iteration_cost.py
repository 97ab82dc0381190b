"""What an iteration costs outside model and environment, by size of memory; run by `overhead.py`."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from burnish.agent.loop.graph import build_graph
from burnish.agent.loop.open_session import open_session
from burnish.agent.loop.session import Session
from burnish.agent.models.scripted import ScriptedServer
from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig
from burnish.environments.built_in.contacts import Contacts
from burnish.memory.journal import Journal
from burnish.programs import Program, Prompt
from burnish.records import IterationRecord
from burnish.types import Exemplar, Task

SIZES = (1_000, 100_000)
ITERATIONS = 7


class Away:
    """Seconds in which at least one call or judgement was under way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._open = 0
        self._since = 0.0

    def __enter__(self) -> None:
        if self._open == 0:
            self._since = time.perf_counter()
        self._open += 1

    def __exit__(self, *_: object) -> None:
        self._open -= 1
        if self._open == 0:
            self.seconds += time.perf_counter() - self._since


class Answers:
    """Right answers to half of the tasks that were drawn, so that memory grows as in a run that goes well."""

    def __init__(self) -> None:
        self._right: dict[str, str] = {}

    def learn(self, tasks: Iterable[Task]) -> None:
        self._right |= {t.prompt: gold(t.data) for t in tasks if int(t.id[-1], 16) % 2}

    def __call__(self, body: Mapping[str, Any]) -> str:
        return self._right.get(body["messages"][-1]["content"], '{"name": "Ana"}')


def watch(session: Session, away: Away, answers: Answers) -> None:
    """Have `away` see every model call, judgement and draw of a session, and `answers` every task."""
    draw = session.environment.draw

    async def learned(*values: Any, **named: Any) -> list[Task]:
        tasks = await draw(*values, **named)
        answers.learn(tasks)
        return tasks

    session.environment.draw = learned  # type: ignore[method-assign]
    for owner, name in (
        (session.caller, "ask"),
        (session.environment, "judge_all"),
        (session.environment, "draw"),
    ):
        setattr(owner, name, watched(getattr(owner, name), away))


def watched(method: Callable[..., Awaitable[Any]], away: Away) -> Callable[..., Awaitable[Any]]:
    """The method, timed."""

    async def timed(*values: Any, **named: Any) -> Any:
        with away:
            return await method(*values, **named)

    return timed


async def fill(directory: RunDirectory, size: int) -> None:
    """A journal whose iteration 1 has learned `size` exemplars."""
    environment, journal = Contacts(), Journal.open(directory.journal)
    exemplars: list[Exemplar] = []
    for task in environment.tasks("train", 7):
        if len(exemplars) == size:
            break
        exemplars.append(Exemplar(task.id, task.prompt, gold(task.data), 1.0, task.cell, 1, "scripted"))
    seed = Program(Prompt((("task", environment.instruction),)), revision=0)
    champion = Program(seed.prompt, revision=1)
    await journal.commit_iteration(IterationRecord(0, 0, seed.id), programs=[seed], born=[])
    record = IterationRecord(1, 1, champion.id, admitted=size, memory=size, attempts=1, verified=1)
    await journal.commit_iteration(record, programs=[champion], born=exemplars)
    journal.close()


def gold(data: Any) -> str:
    return json.dumps(dict(data), ensure_ascii=False)


async def cost(scratch: Path, index: str, size: int) -> list[float]:
    """Milliseconds of our own in each of some iterations."""
    answers = Answers()
    with ScriptedServer(answers) as server:
        config = RunConfig.parse(
            {
                "models": {"task": {"url": server.base_url}},
                "memory": {"embedder": "hash", "index": index},
                "policies": {"eviction": {"size": 10 * size}, "admission": {"per_cell": 10 * size}},
            }
        )
        directory = RunDirectory(scratch / f"{index}-{size}")
        directory.create(config)
        await fill(directory, size)
        async with open_session(directory, config, Contacts(), lambda _kind, _facts: None) as opened:
            away = Away()
            watch(opened.session, away, answers)
            return [await one_iteration(opened.session, away, number) for number in range(2, 2 + ITERATIONS)]


async def one_iteration(session: Session, away: Away, number: int) -> float:
    graph = build_graph()
    away.seconds = 0.0
    session.begin(number)
    started = time.perf_counter()
    await graph.ainvoke({"iteration": number}, context=session)
    return 1000 * (time.perf_counter() - started - away.seconds)


async def compare_sizes(scratch: Path) -> None:
    for index in ("chroma", "numpy"):
        medians = []
        for size in SIZES:
            costs: Sequence[float] = sorted(await cost(scratch, index, size))
            medians.append(costs[len(costs) // 2])
            print(f"  {index}, {size:,} exemplars: {', '.join(f'{c:.0f}' for c in costs)} ms an iteration", flush=True)
        print(
            f"{index}: {medians[0]:.0f} ms an iteration at {SIZES[0]:,} exemplars (promised: under 150), "
            f"{medians[1] / medians[0]:.1f} times that at {SIZES[1]:,} (promised: at most 2)"
        )
