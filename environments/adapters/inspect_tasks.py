"""`inspect:package/task` and `inspect:path.py@task`: tasks of inspect-ai, judged by their own scorers."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import AsyncIterator, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.licences import licence_of
from burnish.environments.adapters.packages import package_of
from burnish.environments.adapters.paths import regular_file
from burnish.environments.adapters.verdict import EXPECTED
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError, PluginError
from burnish.spelling import close_to, did_you_mean
from burnish.types import Feedback, JsonValue, Split, Task, canonical_text

SCHEME = "inspect"

LICENCE = "licence"
"""The option that is Burnish's own, not the task's."""

NAMED = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

INSTRUCTION = "Answer the question in the form that it asks for."


class Inspect:
    """Tasks of inspect-ai, judged by their own scorers.

    `target` is `package/task` of an installed package or `path.py@task`, options are the task's own arguments. Its
    solver writes the prompt and reads the answer, which takes the place of the model's. The reward is the mean of the
    scorers' values. Tasks that need a sandbox, tools, several turns or a model as judge are refused. `licence` is an
    SPDX expression, by default that of the task's metadata or else of its package.
    """

    def __init__(self, target: str, *, licence: JsonValue = None, **options: JsonValue) -> None:
        self._ai = library("inspect_ai", scheme=SCHEME, extra=SCHEME)
        self.name = f"{SCHEME}:{Path(target).name if target.partition('@')[1] else target}"
        self._task = self._loaded(target, options)
        self._solvers = self._steps()
        self._refuse(self._obstacle())
        self._scorers = self._task.scorer if isinstance(self._task.scorer, list) else [self._task.scorer]
        self.instruction = self._rehearsed() or INSTRUCTION
        package, found = ("a file", "") if "@" in target else package_of(target.partition("/")[0])
        own = self._task.metadata or {}
        self.licence = licence_of(self.name, licence, own if own.keys() & {"licence", "license"} else found)
        self.provenance = f"The task {self.name} of inspect-ai, from {package or 'a module that no package holds'}."

    async def tasks(self, split: Split, seed: int) -> AsyncIterator[Task]:
        """The tasks of a split, each once, in an order of the seed."""
        samples = list(self._task.dataset)
        random.Random(f"{self.name} {split} {seed}").shuffle(samples)
        for sample in samples:
            task = await self._posed(sample)
            if task.split == split:
                yield task

    async def score(self, task: Task, answer: str) -> Feedback:
        """What the task's scorers say of this answer."""
        data = library("inspect_ai.dataset", scheme=SCHEME, extra=SCHEME)
        sample = data.Sample.model_validate(task.data[EXPECTED])
        state = await self._solved(sample, answer.encode("utf-8", "replace").decode())
        scoring = library("inspect_ai.scorer", scheme=SCHEME, extra=SCHEME)
        target = scoring.Target(sample.target)
        parts: dict[str, float] = {}
        for scorer in self._scorers:
            name = self._registered(scorer)
            parts[name] = self._value(name, await scorer(state, target))
        reward = math.fsum(parts.values()) / len(parts)
        lines = [f'the scorer "{name}" does not find the expected answer' for name, v in parts.items() if v < 1.0]
        return Feedback(reward, verified=not lines, text="\n".join(lines), parts=parts)

    async def solve(self, task: Task) -> str | None:
        """The sample's target as the scorers accept it; None where they do not accept it alone."""
        sample = task.data[EXPECTED]
        assert isinstance(sample, dict)
        target = sample.get("target", "")
        texts = [str(text) for text in target] if isinstance(target, list) else [str(target)]
        for answer in (*texts, f"ANSWER: {', '.join(texts)}"):
            if (await self.score(task, answer)).verified:
                return answer
        return None

    def _loaded(self, target: str, options: Mapping[str, JsonValue]) -> Any:
        loader = library("inspect_ai._eval.loader", scheme=SCHEME, extra=SCHEME)
        own = {p.name: p for p in inspect.signature(self._factory(target)).parameters.values() if p.kind in NAMED}
        taken = (*own, LICENCE)
        for option in options:
            if option not in own:
                near = close_to(option, taken)
                hint = f'did you mean "{near}"? ' if near else ""
                raise ConfigError(f'"{self.name}" has no option "{option}"; {hint}it takes {", ".join(taken)}')
        for option, parameter in own.items():
            if parameter.default is parameter.empty and option not in options:
                raise ConfigError(f'"{self.name}" needs the option "{option}"; it takes {", ".join(taken)}')
        made = guarded_call(lambda: loader.load_task_spec(target, dict(options))[0])
        if isinstance(made, Raised):
            raise PluginError(f'"{self.name}" cannot be made: {made}; mend the task or its options') from made.error
        return made

    def _factory(self, target: str) -> Any:
        """The function that makes the task, its file imported."""
        registry = library("inspect_ai._util.registry", scheme=SCHEME, extra=SCHEME)
        path, _, task = (target, "@", "") if target.endswith(".py") else target.rpartition("@")
        if path:
            _import(regular_file(Path(path)))
        found = guarded_call(lambda: registry.registry_lookup("task", task) if task else None)
        if isinstance(found, Raised):
            raise PluginError(
                f'"{self.name}": its package cannot be imported: {found}; install it anew'
            ) from found.error
        if found is None:
            known = [
                i.name for o in registry.registry_find(lambda info: info.type == "task") if (i := _info(registry, o))
            ]
            known = [one for one in known if ("/" in one) != bool(path)]
            missing = "no task of the file is named" if path else "no task is named"
            said = f'inspect-ai knows no task "{task}"' if task else missing
            raise ConfigError(
                f'"{self.name}": {said}; {did_you_mean(task, known)}; a task is named package/task or path.py@task'
            )
        return found

    def _steps(self) -> list[Any]:
        chain = library("inspect_ai.solver._chain", scheme=SCHEME, extra=SCHEME)
        setup = chain.unroll(self._task.setup) if self._task.setup else []
        return [*setup, *chain.unroll(self._task.solver)]

    def _obstacle(self) -> str:
        """Why the task cannot be judged here; empty when it can."""
        if not isinstance(self._task.dataset, library("inspect_ai.dataset", scheme=SCHEME, extra=SCHEME).Dataset):
            return "makes its samples while it runs"
        if self._task.sandbox or any(s.sandbox or s.files or s.setup for s in self._task.dataset):
            return "needs a sandbox, and inspect-ai's local one keeps nothing from what a model wrote"
        if not self._task.scorer:
            return "has no scorer"
        scorers = self._task.scorer if isinstance(self._task.scorer, list) else [self._task.scorer]
        for name in map(self._registered, scorers):
            if name.startswith("model_graded"):
                return f'is judged by a model ("{name}")'
        return "" if len(self._task.dataset) else "has no samples"

    def _refuse(self, obstacle: str) -> None:
        if obstacle:
            raise PluginError(f'"{self.name}" {obstacle}, so it cannot be used here; choose another task')

    def _registered(self, scorer: Any) -> str:
        registry = library("inspect_ai._util.registry", scheme=SCHEME, extra=SCHEME)
        return str(registry.registry_unqualified_name(scorer))

    def _value(self, name: str, score: Any) -> float:
        """A score as a share; that of several values is their mean."""
        value = None if score is None else score.value
        to_float = library("inspect_ai.scorer", scheme=SCHEME, extra=SCHEME).value_to_float()
        several = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
        shares = [to_float(one) for one in several if one is not None]
        if not shares or not all(0.0 <= share <= 1.0 for share in shares):
            raise PluginError(f'"{self.name}": the scorer "{name}" gave no value from 0 to 1, so there is no reward')
        return math.fsum(shares) / len(shares)

    def _rehearsed(self) -> str:
        """The system message of the first sample; solver and scorers are tried with it and an empty answer."""
        sample = self._task.dataset[0]
        messages = self._at_once(self._asked(sample))
        state = self._at_once(self._solved(sample, ""))
        target = library("inspect_ai.scorer", scheme=SCHEME, extra=SCHEME).Target(sample.target)
        for scorer in self._scorers:
            if isinstance(tried := _driven(scorer(state, target)), Raised):
                self._refuse(f"has a scorer that fails here ({tried})")
        return "\n\n".join(message.text for message in messages if message.role == "system")

    def _at_once(self, coroutine: Coroutine[object, None, Any]) -> Any:
        """What it comes to without waiting, as a solver does that only writes a prompt and reads an answer."""
        outcome = _driven(coroutine)
        if isinstance(outcome, Raised):
            if isinstance(outcome.error, PluginError):
                raise outcome.error
            self._refuse(f"has a solver that fails here ({outcome})")
        if outcome is WAITING:
            self._refuse("has a solver that waits for more than one answer of a model")
        return outcome

    async def _posed(self, sample: Any) -> Task:
        messages = await self._asked(sample)
        if any(message.role not in {"system", "user"} or not isinstance(message.content, str) for message in messages):
            self._refuse("asks in a conversation, or with more than text")
        system = "\n\n".join(message.text for message in messages if message.role == "system")
        asked = [message.text for message in messages if message.role == "user"]
        if system and canonical_text(system) != canonical_text(self.instruction):
            asked.insert(0, system)
        data = sample.model_dump(mode="json", exclude_none=True)
        metadata = data.get("metadata") or {}
        cell = next((str(metadata[key]) for key in ("category", "subject", "topic", "level") if key in metadata), "")
        return Task(self.name, "\n\n".join(asked), data={EXPECTED: data}, cell=cell)

    async def _asked(self, sample: Any) -> list[Any]:
        """The messages that the solver would send to the model."""
        state = self._state(sample)
        try:
            await self._run(state, _stop)
        except Asked as asked:
            if asked.state.tools:
                self._refuse("has tools for the model")
            return list(asked.state.messages)
        self._refuse("has a solver that asks the model nothing")
        return []

    async def _solved(self, sample: Any, answer: str) -> Any:
        """The state after the solver, the model having answered just this."""
        model = library("inspect_ai.model", scheme=SCHEME, extra=SCHEME)
        asked: list[Any] = []

        async def generate(state: Any, *_: object, **__: object) -> Any:
            if asked:
                self._refuse("asks the model more than once")
            asked.append(state)
            state.output = model.ModelOutput.from_content("burnish/answer", answer)
            state.messages.append(state.output.message)
            return state

        return await self._run(self._state(sample), generate)

    async def _run(self, state: Any, generate: Any) -> Any:
        for solver in self._solvers:
            if state.completed:
                break
            state = await solver(state, generate)
        return state

    def _state(self, sample: Any) -> Any:
        solving = library("inspect_ai.solver", scheme=SCHEME, extra=SCHEME)
        model = library("inspect_ai.model", scheme=SCHEME, extra=SCHEME)
        sample = sample.model_copy(deep=True)
        messages = [model.ChatMessageUser(content=sample.input)] if isinstance(sample.input, str) else sample.input
        return solving.TaskState(
            model=model.ModelName("burnish/answer"),
            sample_id=sample.id if sample.id is not None else 0,
            epoch=1,
            input=sample.input,
            messages=list(messages),
            target=library("inspect_ai.scorer", scheme=SCHEME, extra=SCHEME).Target(sample.target),
            choices=sample.choices,
            metadata=sample.metadata or {},
        )


class Asked(Exception):
    """A solver wants an answer of the model."""

    def __init__(self, state: Any) -> None:
        super().__init__()
        self.state = state


async def _stop(state: Any, *_: object, **__: object) -> NoReturn:
    raise Asked(state)


WAITING = object()


def _driven(coroutine: Coroutine[object, None, Any]) -> Any:
    """What it returns, what it `Raised`, or `WAITING` where it would have to be awaited."""
    outcome = guarded_call(partial(coroutine.send, None))
    coroutine.close()
    if not isinstance(outcome, Raised):
        return WAITING
    return outcome.error.value if isinstance(outcome.error, StopIteration) else outcome


def _import(path: Path) -> None:
    """Import the file of a task.

    Raises:
        PluginError: importing it failed.

    """
    loader = library("inspect_ai._eval.loader", scheme=SCHEME, extra=SCHEME)

    def load() -> None:
        if path.suffix == ".py":  # where it is no Python, inspect-ai only finds no task in it
            compile(path.read_bytes(), path.name, "exec")
        loader.load_file_tasks(path.absolute())

    outcome = guarded_call(load)
    if isinstance(outcome, Raised):
        raise PluginError(f"task file {path} cannot be imported: {outcome}; mend the file") from outcome.error


def _info(registry: Any, found: object) -> Any:
    return registry.registry_info(found)
