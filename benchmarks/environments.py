"""How hard the built-in environments are: pass rates of the embedded model, level by level.

For each level 50 validation tasks are answered greedily, once with the instruction alone (k = 0) and once with four
solved train tasks of the level before it (k = 4): always the first four, as chat turns. Plans are held to the grammar
of the task's tools and constants. Episodes are played turn by turn, with single turns as demonstrations. A play ends
when an observation comes again, since a greedy model then goes round in circles, and after twice the actions of the
known answer. Rates are of verified answers, with the 95 % interval of Wilson (1927). The table is printed, and with
`--write` each row is put into docs/environments.md.

    python benchmarks/environments.py [name ...] [--tasks 50] [--write]
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from burnish.agent.models.client import ChatClient, ChatRequest
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.grammar import plan_grammar
from burnish.agent.models.opening import EMBEDDED_SLOTS
from burnish.agent.models.rendering import defuse
from burnish.config import ModelConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import actions_of, as_answer
from burnish.environments.registry import BUILT_IN, load
from burnish.errors import ModelRejected
from burnish.protocols import Episodes, Levels, Solvable, Tools
from burnish.types import Message, Task

SHOWN, SPARE_TOKENS, TIMEOUT = 4, 16, 300.0
PAGE = Path(__file__).parent.parent / "docs" / "environments.md"
BEGIN, END = "<!-- baseline -->", "<!-- end of baseline -->"
HEAD = "| environment | level | k = 0 | k = 4 | seconds |\n|---|---|---|---|---|\n"

Demonstration = tuple[str, str]


@dataclass(frozen=True)
class Row:
    """One level's passes of `tasks` at k = 0 and k = 4."""

    environment: str
    level: str
    passed: tuple[int, int]
    tasks: int
    seconds: float

    def __str__(self) -> str:
        rates = " | ".join(rate(passed, self.tasks) for passed in self.passed)
        return f"| `{self.environment}` | {self.level} | {rates} | {self.seconds:.0f} |"


def rate(passed: int, tasks: int) -> str:
    """A share in percent with its 95 % interval."""
    low, high = wilson(passed, tasks)
    return f"{passed / tasks:.0%} ({low:.0%} to {high:.0%})"


def wilson(passed: int, tasks: int, z: float = 1.96) -> tuple[float, float]:
    share = passed / tasks
    middle = share + z * z / (2 * tasks)
    half = z * math.sqrt(share * (1 - share) / tasks + z * z / (4 * tasks * tasks))
    scale = 1 + z * z / tasks
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


class Model:
    """The embedded model, asked greedily for answers of `max_tokens`."""

    def __init__(self, client: ChatClient, max_tokens: int) -> None:
        self._client = client
        self._max_tokens = max_tokens
        self._free = asyncio.Semaphore(EMBEDDED_SLOTS)

    async def answer(self, instruction: str, shown: Sequence[Demonstration], prompt: str, grammar: str = "") -> str:
        """The answer; empty where the server refuses the prompt as too long."""
        turns = [
            message
            for asked, answered in shown
            for message in (Message("user", defuse(asked)), Message("assistant", defuse(answered)))
        ]
        messages = (Message("system", defuse(instruction)), *turns, Message("user", defuse(prompt)))
        async with self._free:
            try:
                request = ChatRequest(messages, self._max_tokens, grammar=grammar)
                completion = await self._client.send(request, timeout=TIMEOUT)
            except ModelRejected:
                return ""
        return completion.text


def demonstrations(environment: Any, tasks: Sequence[Task]) -> list[Demonstration]:
    """Solved tasks; of an episodic environment a turn of each, later turns of later tasks."""
    assert isinstance(environment, Solvable)
    answers = [str(environment.solve(task)) for task in tasks]
    if not isinstance(environment, Episodes):
        return [(task.prompt, answer) for task, answer in zip(tasks, answers, strict=True)]
    turns = []
    for number, (task, answer) in enumerate(zip(tasks, answers, strict=True)):
        actions = actions_of(answer)
        episode: Any = environment.start(task)
        for action in actions[: number % len(actions)]:
            episode.step(action)
        turns.append((episode.turn.observation, actions[number % len(actions)]))
    return turns


async def play(environment: Any, model: Model, shown: Sequence[Demonstration], task: Task) -> str:
    """The actions of one play, at most twice as many as a known answer has."""
    episode = environment.start(task)
    most = 2 * len(actions_of(str(environment.solve(task))))
    actions: list[str] = []
    seen: set[str] = set()
    while not episode.turn.done and episode.turn.observation not in seen and len(actions) < most:
        seen.add(episode.turn.observation)
        actions.append(await model.answer(environment.instruction, shown, episode.turn.observation))
        episode.step(actions[-1])
    return as_answer(actions)


async def passes(environment: Any, model: Model, shown: Sequence[Demonstration], tasks: Sequence[Task]) -> int:
    """How many tasks the model passes with these demonstrations."""
    guarded = GuardedEnvironment(environment)

    async def answered(task: Task) -> str:
        if isinstance(environment, Episodes):
            return await play(environment, model, shown, task)
        grammar = plan_grammar(guarded.tools, await guarded.constants(task)) if isinstance(environment, Tools) else ""
        return await model.answer(environment.instruction, shown, task.prompt, grammar)

    answers = await asyncio.gather(*map(answered, tasks))
    verdicts = await guarded.judge_all(list(zip(tasks, answers, strict=True)))
    return sum(verdict.verified for verdict in verdicts)


async def measure(name: str, level: str, client: ChatClient, count: int) -> Row:
    environment: Any = load(name, {}).at_level(level)  # type: ignore[attr-defined]
    solved = demonstrations(environment, list(islice(environment.tasks("train", 0), SHOWN)))
    # A token is a character at least, so this is room enough for answers of the usual length.
    model = Model(client, SPARE_TOKENS + max(len(answer) for _, answer in solved))
    tasks = list(islice(environment.tasks("validation", 0), count))
    started = time.perf_counter()
    without = await passes(environment, model, [], tasks)
    shown = await passes(environment, model, solved, tasks)
    return Row(name, level, (without, shown), len(tasks), time.perf_counter() - started)


async def measure_all(url: str, names: Sequence[str], count: int, *, keep: bool) -> None:
    client = ChatClient(ModelConfig(concurrency=EMBEDDED_SLOTS, timeout_seconds=TIMEOUT), base_url=url)
    print(HEAD, end="", flush=True)
    for name in names:
        environment = load(name, {})
        assert isinstance(environment, Levels)
        for level in environment.levels:
            row = await measure(name, level, client, count)
            print(row, flush=True)
            if keep:
                write([str(row)])
    await client.close()


def write(rows: Sequence[str]) -> None:
    """Put rows into the table of the page, in place of those of the same levels."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    kept = [row for row in table.strip().removeprefix(HEAD.strip()).splitlines() if row]
    by_level = {tuple(row.split(" | ")[:2]): row for row in (*kept, *rows)}
    names = [f"| `{name}`" for name in BUILT_IN]
    ordered = sorted(by_level.values(), key=lambda row: names.index(row.split(" | ", maxsplit=1)[0]))
    body = "".join(f"{row}\n" for row in ordered)
    PAGE.write_text(f"{before}{BEGIN}\n{HEAD}{body}{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(BUILT_IN), metavar="name")
    parser.add_argument("--tasks", type=int, default=50)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with EmbeddedServer(model_file(None), slots=EMBEDDED_SLOTS) as server:
        asyncio.run(measure_all(server.base_url, options.names, options.tasks, keep=options.write))


if __name__ == "__main__":
    main()
