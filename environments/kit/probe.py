"""The environment under test: every call to it is timed, limited in time, and remembered."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import cast

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.episodes import settled
from burnish.environments.foreign import Raised, guarded_call
from burnish.environments.kit.findings import Broken, Example, Limits, Spread, Unfinished, example, smallest
from burnish.environments.workers import TimedOut, Workers
from burnish.errors import PluginError
from burnish.protocols import Environment, abilities
from burnish.types import SPLITS, Feedback, Split, Status, Task

DRAWN: Mapping[Split, int] = MappingProxyType({"train": 100, "validation": 40, "test": 40})
"""Tasks of each split that are looked at, or the least there must be where that is more."""

CHUNK = 16
"""Verdicts that are asked for at a time."""

SLOW_SECONDS = 0.05
"""Seconds of a verdict from which fewer are asked for."""

SLOW_DRAWING = 0.01
"""Seconds of a task from which fewer are drawn."""

MOST_HANGING = 3
"""Calls that may hang before nothing more is called."""

MOST_RECORDED = 5_000
"""Candidates of one sequence that are remembered."""


class EnvironmentProbe:
    """What promises may do with an environment.

    Its methods raise `Broken` with an example when the environment raises, hangs or returns what it may not, and
    `Unfinished` when time is over. `note` is told of each call before it is made, and then one is made at a time.
    """

    def __init__(
        self,
        environment: Environment,
        limits: Limits,
        note: Callable[[Example], None] | None = None,
        *,
        alone: bool = False,
    ) -> None:
        self.environment = environment
        self.limits = limits
        self.alone = alone
        """Whether this process is there for the environment only, so that it may be harmed."""
        self.progress = 0
        """Calls made and tasks yielded so far."""
        self.abilities = abilities(environment)
        self.guarded = GuardedEnvironment(environment, timeout=limits.timeout)
        self.candidates: dict[Split, list[Task]] = {}
        """What was yielded before any of it was chosen, at most `MOST_RECORDED` a split."""
        self._note = note
        self._workers = Workers()
        self._ends = monotonic() + limits.seconds
        self._hanging = 0
        self._drawn: dict[Split, list[Task]] = {}
        self._failure = ""
        self._gold: dict[str, str | None] = {}
        self._seconds: dict[str, list[float]] = {"tasks": [], "score": []}

    @property
    def times(self) -> dict[str, Spread]:
        """How long a task and a verdict took."""
        return {name: Spread.of(seconds) for name, seconds in self._seconds.items()}

    @property
    def slow(self) -> bool:
        """Whether a verdict has been seen to take long, so that fewer should be asked for."""
        return self.times["score"].p50 > SLOW_SECONDS

    def few(self, count: int) -> int:
        """How many of `count` tasks to draw once more: fewer where drawing them has been seen to take long."""
        seconds = self._seconds["tasks"]
        return count if sum(seconds) <= SLOW_DRAWING * len(seconds) else max(10, count // 4)

    def some(self, count: int) -> int:
        """How many of `count` tasks to try."""
        return max(4, count // 4) if self.slow else count

    async def draw(self, split: Split, seed: int, count: int) -> list[Task]:
        """The first tasks of a split.

        Raises:
            Broken: the environment raised, took too long or yielded what is no task of its own.

        """
        self._begin(Example(given=f"tasks({split!r}, {seed})"))
        recorder = _Recorder(self.environment, self._yielded)
        guarded = GuardedEnvironment(cast("Environment", recorder), timeout=self.limits.timeout)
        try:
            tasks = await guarded.draw(split, seed, count)
        except PluginError as error:
            self._hanging += "yielded nothing for" in str(error)
            raise Broken(str(error), Example(given=f"tasks({split!r}, {seed})")) from error
        if seed == 0:
            self.candidates.setdefault(split, [task for task in recorder.candidates if isinstance(task, Task)])
        return tasks

    async def drawn(self, split: Split) -> list[Task]:
        """Up to `DRAWN` tasks of a split with seed 0; `Unfinished` if drawing failed before."""
        count = max(DRAWN[split], self.limits.least[split])
        if self._failure:
            raise Unfinished(self._failure)
        if split not in self._drawn:
            try:
                self._drawn[split] = await self.draw(split, 0, count)
            except Broken:
                self._failure = "there are no tasks to try it on: see the promise `tasks`"
                raise
        return self._drawn[split]

    async def sample(self, count: int) -> list[Task]:
        """About `count` tasks of all splits, the shortest prompts first, as many cells as there are."""
        picked: list[Task] = []
        for split in SPLITS:
            picked += _varied(await self.drawn(split), -(-count // len(SPLITS)))
        if not picked:
            raise Unfinished("there are no tasks to try it on: see the promise `tasks`")
        return sorted(picked, key=lambda task: len(task.prompt))[:count]

    async def gold(self, task: Task) -> str | None:
        """The environment's own answer; None where it knows none."""
        if "answers" not in self.abilities:
            return None
        if task.id not in self._gold:
            answer = await self.call(self.environment, "solve", task)
            if not isinstance(answer, str | None):
                raise Broken(f"solve returned {type(answer).__name__}, neither text nor None", example(task))
            self._gold[task.id] = answer
        return self._gold[task.id]

    async def solved(self, count: int) -> list[tuple[Task, str]]:
        """Tasks of a sample with their own answers, those that have one."""
        pairs = [(task, await self.gold(task)) for task in await self.sample(count)]
        return [(task, answer) for task, answer in pairs if answer is not None]

    async def verdicts(self, pairs: Sequence[tuple[Task, str]]) -> list[Feedback]:
        """What the environment says of answers, failures too; a verdict that never comes is `Broken` at once."""
        found: list[Feedback] = []
        size = 1 if self._note else CHUNK
        for start in range(0, len(pairs), size):
            chunk = pairs[start : start + size]
            self._begin(example(*chunk[0]))
            begun = monotonic()
            feedback = await self.guarded.judge_all(chunk)
            if len(chunk) == 1:
                self._seconds["score"].append(monotonic() - begun)
            hung = [pair for pair, one in zip(chunk, feedback, strict=True) if one.status is Status.TIMEOUT]
            self._hanging += len(hung)
            if hung:
                raise Broken(f"score took longer than {self.limits.timeout:g} s", smallest(hung, "no verdict"))
            found += feedback
        return found

    async def judge(self, pairs: Sequence[tuple[Task, str]]) -> list[Feedback]:
        """What the environment says of answers; `Broken` when one of them gets no sound verdict."""
        feedback = await self.verdicts(pairs)
        failed = [(pair, one) for pair, one in zip(pairs, feedback, strict=True) if not one.status.judged]
        if failed:
            (task, answer), worst = min(failed, key=lambda item: len(item[0][1]) + len(item[0][0].prompt))
            raise Broken(worst.text, example(task, answer, "no verdict"))
        return feedback

    async def call(self, target: object, method: str, *arguments: object) -> object:
        """What a method returns, awaited if need be; it raised or hung: `Broken`."""
        at = example(next((a for a in arguments if isinstance(a, Task)), None), _given(method, arguments))
        outcome = await self.outcome(target, method, *arguments)
        if isinstance(outcome, TimedOut):
            raise Broken(f"{method} took longer than {self.limits.timeout:g} s", at)
        if isinstance(outcome, Raised):
            raise Broken(f"{method} raised {outcome}", at)
        return outcome

    async def outcome(self, target: object, method: str, *arguments: object) -> object:
        """What a method returns, or `Raised`, or `TIMED_OUT`."""
        at = example(next((a for a in arguments if isinstance(a, Task)), None), _given(method, arguments))
        self._begin(at)
        call = partial(guarded_call, lambda: getattr(target, method)(*arguments))
        (outcome,) = await self._workers.run([call], self.limits.timeout)
        if inspect.isawaitable(outcome):
            outcome = await _within(outcome, self.limits.timeout)
        self._hanging += isinstance(outcome, TimedOut)
        return outcome

    def read(self, target: object, attribute: str) -> object:
        """The value of an attribute; reading it raised: `Broken`."""
        value = guarded_call(lambda: getattr(target, attribute))
        if isinstance(value, Raised):
            raise Broken(f"{attribute} cannot be read: {value}")
        return value

    def _yielded(self, seconds: float) -> None:
        self.progress += 1
        self._seconds["tasks"].append(seconds)

    def _begin(self, at: Example) -> None:
        self.progress += 1
        if self._hanging >= MOST_HANGING:
            raise Unfinished(f"{self._hanging} calls took longer than {self.limits.timeout:g} s; mend those first")
        if monotonic() > self._ends:
            raise Unfinished(f"the {self.limits.seconds:g} s of this check are over; give it more")
        if self._note:
            self._note(at)


def _given(method: str, arguments: Sequence[object]) -> object:
    """What a call was given besides the task: a lone text as it is, anything else as a call."""
    rest = [argument for argument in arguments if not isinstance(argument, Task)]
    if len(rest) == 1 and isinstance(rest[0], str):
        return rest[0]
    return tuple(rest) if rest else None


def _varied(tasks: Sequence[Task], count: int) -> list[Task]:
    """Short tasks, taken from each cell in turn."""
    cells: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=lambda task: len(task.prompt)):
        cells.setdefault(task.cell, []).append(task)
    ranked = [(place, number, task) for number, cell in enumerate(cells.values()) for place, task in enumerate(cell)]
    return [task for _, _, task in sorted(ranked, key=lambda item: item[:2])[:count]]


async def _within(awaitable: Awaitable[object], seconds: float) -> object:
    task = asyncio.ensure_future(_exiting(awaitable))
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            return TimedOut()
        if task.cancelled():
            return Raised(asyncio.CancelledError())
        error = task.exception()
        return task.result() if error is None else Raised(error)
    finally:
        task.cancel()


async def _exiting(awaitable: Awaitable[object]) -> object:
    try:
        return await settled(awaitable)
    except SystemExit as error:  # would end the event loop
        return Raised(error)


class _Recorder:
    """Yields what an environment yields, and remembers it and the time between."""

    def __init__(self, environment: Environment, yielded: Callable[[float], None]) -> None:
        self.name = environment.name
        self.instruction = environment.instruction
        self.candidates: list[object] = []
        self._environment = environment
        self._yielded = yielded

    def tasks(self, split: Split, seed: int) -> object:
        source: object = self._environment.tasks(split, seed)
        if inspect.isawaitable(source):
            return self._later(source)
        return self._recorded(source)

    def score(self, task: Task, answer: str) -> object:
        return self._environment.score(task, answer)

    async def _later(self, source: Awaitable[object]) -> object:
        return self._recorded(await source)

    def _recorded(self, source: object) -> object:
        if isinstance(source, AsyncIterable):
            return self._awaited(source)
        return self._plain(source) if isinstance(source, Iterable) else source

    def _plain(self, source: Iterable[object]) -> Iterator[object]:
        begun = monotonic()
        for candidate in source:
            self._keep(candidate, begun)
            yield candidate
            begun = monotonic()

    async def _awaited(self, source: AsyncIterable[object]) -> AsyncIterator[object]:
        begun = monotonic()
        async for candidate in source:
            self._keep(candidate, begun)
            yield candidate
            begun = monotonic()

    def _keep(self, candidate: object, begun: float) -> None:
        self._yielded(monotonic() - begun)
        if len(self.candidates) < MOST_RECORDED:
            self.candidates.append(candidate)
