"""Choosing tasks from the sequence an environment yields, and checking each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from time import monotonic

from pydantic import ValidationError

from burnish.errors import PluginError
from burnish.types import Split, Task, canonical_json


class TaskSampler:
    """`count` distinct tasks of one split, none of them in `skip`.

    An environment may have fewer, or yield the same ones for ever: after `200 * count + 10_000` candidates the
    search ends with what was found.
    """

    def __init__(self, environment: str, split: Split, *, count: int, skip: Collection[str] = ()) -> None:
        self.tasks: list[Task] = []
        self._environment = environment
        self._split = split
        self._count = count
        self._passed = set(skip)
        self._candidates_left = 200 * count + 10_000

    @property
    def finished(self) -> bool:
        """Whether no further candidate is wanted."""
        return len(self.tasks) >= self._count or self._candidates_left <= 0

    def pull(self, candidates: Iterator[object], seconds: float) -> bool:
        """Take candidates for about `seconds`; False when there are no more, or none is wanted."""
        end = monotonic() + seconds
        for candidate in candidates:
            self.offer(candidate)
            if self.finished:
                return False
            if monotonic() >= end:
                return True
        return False

    def offer(self, candidate: object) -> None:
        """Keep the candidate if it is wanted.

        Raises:
            PluginError: it is no task of this environment, or does not survive JSON.

        """
        self._candidates_left -= 1
        task = self._checked(candidate)
        if task.split == self._split and task.id not in self._passed:
            self._passed.add(task.id)
            self.tasks.append(self._restored(task))

    def _checked(self, candidate: object) -> Task:
        if not isinstance(candidate, Task):
            raise self._broken(f"yielded {type(candidate).__name__} instead of Task")
        prompt: object = candidate.prompt
        if not isinstance(prompt, str) or not prompt.strip():
            raise self._broken("yielded a task without a prompt; `prompt` must be text")
        if not isinstance(candidate.data, Mapping):
            raise self._broken("yielded a task whose `data` is no mapping")
        if candidate.environment != self._environment:
            raise self._broken(
                f"yielded a task of environment {candidate.environment!r}; give its own `name` in every task"
            )
        return candidate

    def _restored(self, task: Task) -> Task:
        """The task as it comes back from the journal, so that a resumed run judges by the same data."""
        try:
            plain = task.to_json()
            text = canonical_json(plain).encode()
            restored: dict[str, object] = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise self._broken(f"yielded a task that is not JSON ({error}): {task.prompt[:60]!r}") from error
        if restored != plain:
            raise self._broken(f"yielded a task that JSON changes (keys must be text): {task.prompt[:60]!r}")
        try:
            return Task.from_json(restored)
        except ValidationError as error:
            wrong = " and ".join(f"`{one['loc'][0]}`" for one in error.errors())
            raise self._broken(f"yielded a task whose {wrong} has another type than `Task` says") from error

    def _broken(self, what: str) -> PluginError:
        return PluginError(f'environment "{self._environment}", split "{self._split}": {what}')
