"""The one boundary through which an environment's code is called.

Whatever that code does, what comes out is a list of sound tasks, a sound `Feedback`, or a `PluginError` that
names the environment. Exceptions of any kind are caught in `burnish.environments.foreign`, which it calls through.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from burnish.environments.authoring import Author
from burnish.environments.foreign import Raised, guarded_await, guarded_call
from burnish.environments.plans import Resolution, is_plan, resolve
from burnish.environments.playing import Play
from burnish.environments.task_sampler import TaskSampler
from burnish.environments.verdicts import checked, failed
from burnish.environments.workers import TIMED_OUT, TimedOut, Workers
from burnish.errors import PluginError
from burnish.protocols import (
    Environment,
    Episodes,
    Evolving,
    Forms,
    Levels,
    PlansOnly,
    Seed,
    Seeds,
    Shifted,
    Tool,
    Tools,
    abilities,
)
from burnish.types import Feedback, JsonValue, Split, Status, Task

T = TypeVar("T")

SLICE_SECONDS = 0.5
"""How long a plain iterable is read in one go; each go has the full time limit."""

AWAITED_AT_ONCE = 64
"""How many async verdicts of one `judge_all` are under way at a time."""


async def _within(awaitable: Awaitable[object], seconds: float) -> object:
    """Await foreign code; a result, `Raised`, or `TIMED_OUT` after `seconds` even if it ignores cancellation."""
    task = asyncio.ensure_future(guarded_await(awaitable))
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            return TIMED_OUT
        return Raised(asyncio.CancelledError()) if task.cancelled() else task.result()
    finally:
        task.cancel()


class GuardedEnvironment:
    """An environment whose failures are data.

    Plain methods run in daemon threads, off the event loop; async ones run on it. `timeout` is in seconds, for
    one verdict, and for one candidate of a draw.
    """

    def __init__(self, environment: Environment, *, timeout: float = 30.0) -> None:
        self.name = environment.name
        self.instruction = environment.instruction
        self.abilities = abilities(environment)
        self._environment = environment
        self.tools: tuple[Tool, ...] = tuple(environment.tools) if isinstance(environment, Tools) else ()
        self.has_forms = isinstance(environment, Forms)
        self.evolving = isinstance(environment, Evolving)
        self.episodic = isinstance(environment, Episodes)
        self.shifted = isinstance(environment, Shifted) and bool(environment.shifted)
        """Whether validation and test tasks are of another kind than train tasks."""
        self.calls_per_attempt = environment.max_turns if isinstance(environment, Episodes) else 1
        """Model calls that one attempt takes at most."""
        self._timeout = timeout
        self._workers = Workers()
        self.asked: set[str] = set()
        """Ids of train tasks that are never drawn: of texts that clients asked, which the environment did not pose."""
        self._author = author = Author(environment, self._call, self.judge_all, self.constants)
        self.parse, self.solve, self.own_answer = author.parse, author.solve, author.own_answer
        self.vary, self.holds, self.evolve = author.vary, author.holds, author.evolve

    async def draw(
        self, split: Split, seed: int, count: int, skip: Collection[str] = (), *, easiest: bool = False
    ) -> list[Task]:
        """The first `count` distinct tasks of `split` whose ids are not in `skip`; fewer when there are no more.

        The tasks are as they come back from JSON. `easiest`: of the first level, where the environment has levels.

        Raises:
            PluginError: the environment raised, took too long, or yielded something that is no task of its own.

        """
        passed = {*skip, *self.asked} if self.asked else skip
        sampler = TaskSampler(self.name, split, count=count, skip=passed)
        if sampler.finished:
            return []
        source = self._returned(await self._call(lambda: self._source(split, seed, easiest)), split)
        if isinstance(source, AsyncIterable):
            await self._pull_async(sampler, aiter(source), split)
        elif isinstance(source, Iterable):
            await self._pull(sampler, source, split)
        else:
            raise self._broken(split, f"tasks returned {type(source).__name__}, which yields no tasks")
        return sampler.tasks

    async def judge(self, task: Task, answer: str) -> Feedback:
        """The verdict on one answer; never raises, see `judge_all`."""
        return (await self.judge_all([(task, answer)]))[0]

    async def judge_all(self, pairs: Sequence[tuple[Task, str]]) -> list[Feedback]:
        """The verdicts on pairs of task and answer, in their order, reached concurrently.

        Where the environment has tools, an answer that is a plan is resolved first and its value judged in its place.

        Status `error`: the environment raised or returned an unsound verdict, `text` says which. Status
        `timeout`: it took too long. In both, reward is 0 and nothing is verified.
        """
        resolved = await asyncio.gather(*(self._resolved(task, answer) for task, answer in pairs))
        score, tasks = self._environment.score, [task for task, _ in pairs]
        calls = [partial(score, t, a) for t, a in zip(tasks, resolved, strict=True) if isinstance(a, str)]
        verdicts = iter([self._feedback(outcome) for outcome in await self._call_all(calls)])
        return [next(verdicts) if isinstance(answer, str) else answer for answer in resolved]

    async def read(self, text: str) -> Task | Feedback | None:
        """See `Author.read`."""
        return await self._author.read(text)

    async def constants(self, task: Task) -> list[JsonValue]:
        """What a plan for the task may name; nothing where the environment has no tools, or fails to say."""
        environment = self._environment
        if not isinstance(environment, Tools):
            return []
        outcome = await self._call(lambda: list(environment.constants(task)))
        return outcome if isinstance(outcome, list) else []

    async def form(self, task: Task) -> str:
        """The form of answers to the task; empty where the environment knows none.

        Raises:
            PluginError: it fails to say.

        """
        environment = self._environment
        if not isinstance(environment, Forms):
            return ""
        outcome = await self._call(lambda: environment.form(task))
        if not isinstance(outcome, str):
            raise PluginError(f'environment "{self.name}": {_failure(outcome, "form", self._timeout).text}')
        return outcome

    async def play(self, task: Task) -> Play | None:
        """A new play of a task of an episodic environment; None where the environment fails to start one."""
        environment = self._environment
        assert isinstance(environment, Episodes)
        episode = await self._call(lambda: environment.start(task))
        return Play.of(episode, self._call, most=environment.max_turns, prompt=task.prompt)

    async def seeds(self) -> list[Seed]:
        """The exemplars that people made, none where the environment brings none.

        Raises:
            PluginError: it fails to say, or one of them is no `Seed`.

        """
        environment = self._environment
        if not isinstance(environment, Seeds):
            return []
        outcome = await self._call(lambda: list(environment.seeds()))
        if not isinstance(outcome, list) or not all(isinstance(seed, Seed) for seed in outcome):
            said = _failure(outcome, "seeds", self._timeout).text if not isinstance(outcome, list) else "no `Seed`"
            raise PluginError(f'environment "{self.name}": seeds gave no list of `Seed` ({said})')
        return outcome

    async def _resolved(self, task: Task, answer: str) -> str | Feedback:
        """What is judged in place of an answer; the feedback, where it is a plan that comes to nothing."""
        environment = self._environment
        if not isinstance(environment, Tools):
            return answer
        if not is_plan(answer) and not (isinstance(environment, PlansOnly) and environment.plans_only):
            return answer
        constants = await self._call(lambda: list(environment.constants(task)))
        if not isinstance(constants, list):
            return _failure(constants, "constants", self._timeout)
        outcome = await resolve(answer, self.tools, constants, self._use)
        if not isinstance(outcome, Resolution):
            return _failure(outcome, "call", self._timeout)
        problem = outcome.problem
        return Feedback(0.0, verified=False, text=problem, status=Status.UNPARSABLE) if problem else outcome.text

    async def _use(self, tool: str, arguments: Mapping[str, JsonValue]) -> object:
        environment = self._environment
        assert isinstance(environment, Tools)
        return await self._call(lambda: environment.call(tool, arguments))

    async def _call(self, call: Callable[[], object]) -> object:
        """What a method of the environment returns: plain or awaited, `Raised`, or `TIMED_OUT`."""
        (outcome,) = await self._call_all([call])
        return outcome

    async def _call_all(self, calls: Sequence[Callable[[], object]]) -> list[object]:
        outcomes = await self._workers.run([partial(guarded_call, call) for call in calls], self._timeout)
        awaitable = [index for index, outcome in enumerate(outcomes) if inspect.isawaitable(outcome)]
        waiting = iter(awaitable)

        async def settle() -> None:
            for index in waiting:
                outcome = outcomes[index]
                assert inspect.isawaitable(outcome)
                outcomes[index] = await _within(outcome, self._timeout)

        try:
            await asyncio.gather(*(settle() for _ in awaitable[:AWAITED_AT_ONCE]))
        finally:
            for index in waiting:  # cancelled: these never start
                outcome = outcomes[index]
                if inspect.iscoroutine(outcome):
                    outcome.close()
        return outcomes

    def _feedback(self, outcome: object) -> Feedback:
        if isinstance(outcome, TimedOut | Raised):
            return _failure(outcome, "score", self._timeout)
        feedback = guarded_call(partial(checked, outcome))
        return _failure(feedback, "score", self._timeout) if isinstance(feedback, Raised) else feedback

    def _source(self, split: Split, seed: int, easiest: bool) -> object:
        environment = self._environment
        if easiest and isinstance(environment, Levels) and environment.levels:
            environment = environment.at_level(environment.levels[0])
        source = environment.tasks(split, seed)
        return iter(source) if isinstance(source, Iterable) else source

    async def _pull(self, sampler: TaskSampler, source: Iterable[object], split: Split) -> None:
        candidates = iter(source)
        seconds = min(SLICE_SECONDS, self._timeout / 2)
        while self._returned(await self._call(lambda: sampler.pull(candidates, seconds)), split):
            pass

    async def _pull_async(self, sampler: TaskSampler, candidates: AsyncIterator[object], split: Split) -> None:
        try:
            while not sampler.finished:
                outcome = await _within(anext(candidates), self._timeout)
                if isinstance(outcome, Raised) and isinstance(outcome.error, StopAsyncIteration):
                    return
                sampler.offer(self._returned(outcome, split))
        finally:
            close = getattr(candidates, "aclose", None)
            if close is not None:
                await _within(close(), self._timeout)

    def _returned(self, outcome: object, split: Split) -> object:
        if isinstance(outcome, TimedOut):
            raise self._broken(split, f"tasks yielded nothing for {self._timeout:g} s; raise environment_timeout")
        if isinstance(outcome, Raised):
            if isinstance(outcome.error, PluginError):
                raise outcome.error
            raise self._broken(split, f"tasks raised {outcome}") from outcome.error
        return outcome

    def _broken(self, split: Split, what: str) -> PluginError:
        return PluginError(f'environment "{self.name}", split "{split}": {what}')


def _failure(outcome: object, method: str, timeout: float) -> Feedback:
    """The feedback of a method that returned nothing of use."""
    if isinstance(outcome, TimedOut):
        return failed(Status.TIMEOUT, f"{method} took longer than {timeout:g} s")
    what = f"raised {outcome}" if isinstance(outcome, Raised) else f"returned {type(outcome).__name__}"
    return failed(Status.ERROR, f"{method} {what}")


class LearningEnvironment:
    """What learning code sees of an environment: all but the sealed test split."""

    def __init__(self, guarded: GuardedEnvironment) -> None:
        self.name = guarded.name
        self.instruction = guarded.instruction
        self.judge = guarded.judge
        self.judge_all = guarded.judge_all
        self.tools = guarded.tools
        self.has_forms = guarded.has_forms
        self.evolving = guarded.evolving
        self.episodic = guarded.episodic
        self.shifted = guarded.shifted
        self.calls_per_attempt = guarded.calls_per_attempt
        self.constants = guarded.constants
        self.form = guarded.form
        self.play = guarded.play
        self.parse = guarded.parse
        self.evolve = guarded.evolve
        self.holds = guarded.holds
        self._solve = guarded.solve
        self._draw = guarded.draw

    async def solve(self, task: Task) -> str | None:
        """See `GuardedEnvironment.solve`; of train tasks only.

        Raises:
            PluginError: the task is of another split.

        """
        if task.split != "train":
            raise PluginError(f'environment "{self.name}": a task of the {task.split} split is not for learning')
        return await self._solve(task)

    async def draw(
        self, split: Split, seed: int, count: int, skip: Collection[str] = (), *, easiest: bool = False
    ) -> list[Task]:
        """See `GuardedEnvironment.draw`.

        Raises:
            PluginError: also when `split` is "test".

        """
        if split == "test":
            raise PluginError(
                f'environment "{self.name}": the test split is sealed until the end of the run; '
                "draw from train or validation"
            )
        return await self._draw(split, seed, count, skip, easiest=easiest)
