"""The form of answers that a program is held to, where it is: that of the environment, or that of what is known."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.environments.forms import form_grammar, form_of
from burnish.errors import PluginError
from burnish.memory.store import Memory
from burnish.types import Task

LEAST = 12
"""Answers from which a form is guessed."""
MOST = 256
"""Answers from which a form is guessed at most."""


class AnswerForms:
    """Forms of answers, and grammars of what has them, in GBNF."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._guessed = lru_cache(16)(self._guess)

    async def grammar(
        self, environment: GuardedEnvironment | LearningEnvironment, task: Task, revision: int | None = None
    ) -> str:
        """The grammar of a task's answers; empty where their form is not known, see `form`."""
        with suppress(ValueError):  # the run goes on without
            return form_grammar(await self.form(environment, task, revision))
        return ""

    async def form(
        self, environment: GuardedEnvironment | LearningEnvironment, task: Task, revision: int | None = None
    ) -> str:
        """The form of a task's answers, a regular expression; empty where it is not known.

        With a `revision`, an environment that knows none leaves it to be guessed from the answers in memory.
        """
        with suppress(PluginError):  # of one task: the run goes on without
            if environment.has_forms:
                return await environment.form(task)
            if revision is not None and self._memory.count(revision) >= LEAST:
                return self._guessed(self._memory.state(revision), revision)
        return ""

    def _guess(self, _state: tuple[int, int], revision: int) -> str:
        return form_of(exemplar.answer for exemplar in self._memory.sample(revision, MOST))
