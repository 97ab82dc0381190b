"""`vf:taskset`: tasks of a verifiers taskset that is installed, judged by its own reward functions."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.licences import licence_of
from burnish.environments.adapters.packages import package_of
from burnish.environments.adapters.verdict import EXPECTED
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError, PluginError
from burnish.spelling import close_to
from burnish.types import Feedback, JsonValue, Split, Task, canonical_text

SCHEME = "vf"

LICENCE = "licence"
"""The option that is Burnish's own, not the taskset's."""

INSTRUCTION = "Do what the text asks for and answer in the form that it asks for."


class Taskset:
    """Tasks of a verifiers taskset, judged by its own reward functions.

    `target` is the name of the taskset's module, options are the fields of its config; `licence` is an SPDX
    expression, by default that of the package. The reward is the weighted sum of what its functions give, divided by
    the sum of the positive weights. Only tasks of one turn are posed: tasksets that need a container, tools, a model as
    judge or a runtime to score in are refused.
    """

    def __init__(self, target: str, *, licence: JsonValue = None, **options: JsonValue) -> None:
        self._vf = library("verifiers.v1", scheme=SCHEME, extra=SCHEME)
        self._loaders = library("verifiers.v1.utils.loaders", scheme=SCHEME, extra=SCHEME)
        self.name = f"{SCHEME}:{target}"
        self._taskset = self._loaded(target, options)
        self._class = type(self._taskset).task_type()
        first = self._first()
        _refuse_if(self.name, self._obstacle(target, first))
        self.instruction = first.data.system_prompt or INSTRUCTION
        package, found = package_of(type(self._taskset).__module__)
        self.licence = licence_of(self.name, licence, found)
        self.provenance = f"The verifiers taskset {target} of {package or 'a module that no package holds'}."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """The tasks of a split in an order of the seed, or in the taskset's where it has no end."""
        for posed in self._taskset.shuffle(f"{split} {seed}") if self._taskset.bounded else self._taskset:
            task = self._posed(posed)
            if task.split == split:
                yield task

    async def score(self, task: Task, answer: str) -> Feedback:
        """What the taskset's reward functions say of a trace in which the model answered just this."""
        posed = self._restored(task)
        trace = self._trace(posed, answer)
        await posed.score(trace)
        weights = sum(max(0.0, reward.weight) for reward in trace.rewards.values())
        if not weights:
            raise PluginError(f'"{self.name}": none of its rewards has a positive weight, so there is no reward')
        reward = min(1.0, max(0.0, trace.reward / weights))
        right = math.isclose(reward, 1.0, abs_tol=1e-9)
        # Names that a function made up while it ran may hold the model's words.
        own = {function.__name__ for function in posed.hooks("reward")}
        given = {name: reward for name, reward in trace.rewards.items() if name in own}
        lines = [line for name, reward in given.items() if (line := _shortfall(name, reward.score, reward.weight))]
        return Feedback(
            1.0 if right else reward,
            verified=right,
            text="" if right else "\n".join(lines or ["the answer does not get the full reward"]),
            parts={name: _share(reward.score) for name, reward in given.items()},
        )

    def _loaded(self, target: str, options: Mapping[str, JsonValue]) -> Any:
        module = _module(target)
        config_type = guarded_call(lambda: self._loaders.taskset_config_type(target))
        if isinstance(config_type, Raised):
            error = config_type.error
            cause = error.__cause__ if isinstance(error.__cause__, ModuleNotFoundError) else error
            if isinstance(cause, ModuleNotFoundError) and cause.name == module:
                raise PluginError(
                    f'"{self.name}": there is no module {module}; install its package, or name the folder of '
                    f"{module}.py in PYTHONPATH"
                ) from error
            raise PluginError(f'"{self.name}" cannot be imported: {Raised(cause)}; mend its module') from error
        fields = (*sorted(set(config_type.model_fields) - {"id"}), LICENCE)
        for option in options:
            if option not in fields:
                near = close_to(option, fields)
                hint = f'did you mean "{near}"? ' if near else ""
                raise ConfigError(f'"{self.name}" has no option "{option}"; {hint}it takes {", ".join(fields)}')
        config = guarded_call(lambda: config_type.model_validate({**options, "id": target}))
        if isinstance(config, Raised):
            raise ConfigError(f'"{self.name}" does not take these options: {_amiss(config)}') from config.error
        taskset = guarded_call(lambda: self._loaders.load_taskset(config))
        if isinstance(taskset, Raised):
            raise PluginError(
                f'"{self.name}" cannot be made: {taskset}; mend its module or its options'
            ) from taskset.error
        return taskset

    def _first(self) -> Any:
        first = guarded_call(lambda: next(iter(self._taskset), None))
        if isinstance(first, Raised):
            raise PluginError(
                f'"{self.name}" cannot load its tasks: {first}; mend its module or its options'
            ) from first.error
        if first is None:
            raise PluginError(f'"{self.name}" has no tasks; mend its module or its options')
        return first

    def _obstacle(self, target: str, task: Any) -> str:
        """Why the taskset cannot be judged here; empty when it can."""
        if self._class.NEEDS_CONTAINER or task.data.image:
            return "its tasks need a container"
        if type(self._taskset).toolsets(self._taskset.config) or self._class.toolsets(task.config):
            return "its tasks need tool servers"
        if self._loaders.environment_class(target) is not self._vf.SingleAgentEnv:
            return "its tasks have several turns, played by an environment of its own"
        if task.plugged_judges():
            return "a model judges its answers"
        needs = [function.__name__ for function in task.hooks("reward") if _needs_runtime(function)]
        if needs:
            return f'its reward "{needs[0]}" needs a runtime to score in'
        if self._class.setup is not self._vf.Task.setup or self._class.finalize is not self._vf.Task.finalize:
            return "its tasks prepare a runtime"
        if not task.hooks("reward"):
            return "it has no reward functions"
        return ""

    def _posed(self, posed: Any) -> Task:
        data = posed.data
        messages = [] if isinstance(data.prompt, str) else data.prompt or []
        plain = all(message.role == "user" and isinstance(message.content, str) for message in messages)
        if not data.prompt_text.strip() or len(messages) > 1 or not plain:
            raise PluginError(f'"{self.name}", task {data.idx}: its prompt is not one text; only such tasks are posed')
        system = data.system_prompt or ""
        own = system and canonical_text(system) != canonical_text(self.instruction)
        prompt = f"{system}\n\n{data.prompt_text}" if own else data.prompt_text
        dumped = data.model_dump(mode="json", exclude_defaults=True)
        return Task(self.name, prompt, data={EXPECTED: dumped}, cell=data.name or "")

    def _restored(self, task: Task) -> Any:
        data = self._class.data_type().model_validate(task.data[EXPECTED])
        return self._class(data, self._taskset.config.task)

    def _trace(self, task: Any, answer: str) -> Any:
        """The trace of one question and one answer."""
        vf = self._vf
        types = library("verifiers.v1.types", scheme=SCHEME, extra=SCHEME)
        given = answer.encode("utf-8", "replace").decode()
        asked = vf.MessageNode(message=types.UserMessage(content=task.data.prompt_text))
        answered = vf.MessageNode(parent=0, message=types.AssistantMessage(content=given), sampled=True)
        return vf.Trace(
            task=vf.TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
            agent=vf.AgentInfo(config=vf.AgentConfig()),
            nodes=[asked, answered],
            is_completed=True,
            ok=True,
            stop_condition="agent_completed",
        )


def _module(target: str) -> str:
    """The module that verifiers imports for a name, which may be written as at its hub, `owner/name@version`.

    Raises:
        ConfigError: no module can be called so.

    """
    if not target:
        raise ConfigError(f'"{SCHEME}:" names no taskset; write the name of its module behind the colon')
    module = target.rpartition("/")[2].partition("@")[0].replace("-", "_").lower()
    if module.endswith(".py"):
        file = Path(target)
        raise ConfigError(
            f'"{SCHEME}:{target}": a taskset is named as it is imported; write "{SCHEME}:{file.stem}", and name the '
            f"folder {file.absolute().parent} in PYTHONPATH"
        )
    if not module.isidentifier():
        raise ConfigError(f'"{SCHEME}:{target}" names no module; write a name such as "{SCHEME}:my_taskset"')
    return module


def _amiss(raised: Raised) -> str:
    """What a config finds amiss with its options, as far as it says so for each."""
    invalid = library("pydantic", scheme=SCHEME, extra=SCHEME).ValidationError
    if not isinstance(raised.error, invalid):
        return str(raised)
    flaws = raised.error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, f['loc']))} is {f['input']!r:.40}: {f['msg']}" for f in flaws)


def _refuse_if(name: str, obstacle: str) -> None:
    if obstacle:
        raise PluginError(f'"{name}": {obstacle}, which is not possible here; choose a taskset of single questions')


def _needs_runtime(function: Any) -> bool:
    parameter = inspect.signature(function).parameters.get("runtime")
    return parameter is not None and parameter.default is parameter.empty


def _shortfall(name: str, score: float, weight: float) -> str:
    """What a reward function found amiss; empty when nothing."""
    if weight > 0:
        return f'the check "{name}" is not passed in full' if score < 1.0 else ""
    return f'the check "{name}" takes from the reward' if weight * score < 0 else ""


def _share(score: float) -> float:
    return min(1.0, max(0.0, score)) if math.isfinite(score) else 0.0
