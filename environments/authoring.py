"""What an environment can do with tasks besides posing them: read, solve, vary and evolve them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

from burnish.environments.foreign import Raised, guarded_call
from burnish.environments.plans import reinstantiated
from burnish.environments.verdicts import failed
from burnish.environments.workers import TimedOut
from burnish.protocols import Authoring, Environment, Evolving, Solvable, Varying
from burnish.types import Feedback, JsonValue, Status, Task, canonical_json

Call = Callable[[Callable[[], object]], Awaitable[object]]
"""Calls a method of the environment within its time limit; comes to what it returns or to how it failed."""

UNREAD = "parse"
"""How feedback on a text that could not be read begins."""


class Author:
    """Calls these methods of an environment through its boundary; what fails comes to None."""

    def __init__(
        self,
        environment: Environment,
        call: Call,
        judge_all: Callable[[Sequence[tuple[Task, str]]], Awaitable[list[Feedback]]],
        constants: Callable[[Task], Awaitable[list[JsonValue]]],
    ) -> None:
        self._environment = environment
        self._call = call
        self._judge_all = judge_all
        self._constants = constants

    async def parse(self, text: str) -> Task | None:
        """The task that a text states; None when it states none, or the environment cannot read any or fails to."""
        read = await self.read(text)
        return read if isinstance(read, Task) else None

    async def read(self, text: str) -> Task | Feedback | None:
        """The same, but where the environment fails to read a text, feedback that says how; it begins with `UNREAD`."""
        environment = self._environment
        if not isinstance(environment, Authoring):
            return None
        outcome = await self._call(lambda: environment.parse(text))
        if outcome is None:
            return None
        if isinstance(outcome, TimedOut):
            return failed(Status.TIMEOUT, f"{UNREAD} took too long")
        if isinstance(outcome, Raised):
            return failed(Status.ERROR, f"{UNREAD} raised {outcome}")
        return self._own(outcome) or failed(Status.ERROR, f"{UNREAD} returned no sound task of this environment")

    async def solve(self, task: Task) -> str | None:
        """An answer to the task that the environment itself verifies; None where it knows none."""
        own = await self.own_answer(task)
        return own if own is not None and (await self._judge_all([(task, own)]))[0].verified else None

    async def own_answer(self, task: Task) -> str | None:
        """What the environment holds for the answer to the task, verified or not; None where it knows none."""
        environment = self._environment
        if not isinstance(environment, Solvable):
            return None
        outcome = await self._call(lambda: environment.solve(task))
        return outcome if isinstance(outcome, str) else None

    async def vary(self, task: Task, seed: int) -> Task | None:
        """A task like this one with other constants; None where the environment makes none."""
        environment = self._environment
        if not isinstance(environment, Varying):
            return None
        return self._own(await self._call(lambda: environment.vary(task, seed)))

    async def holds(self, task: Task, plan: str, seeds: Sequence[int]) -> bool | None:
        """Whether a plan is right for variants of its task too, its constants replaced by theirs and resolved again; no
        model has a part in it. None where it is no plan, or the environment makes no variants with other constants.
        """
        known = await self._constants(task)
        posed = []
        for seed in seeds:
            variant = await self.vary(task, seed)
            plan_of_it = variant and reinstantiated(plan, known, await self._constants(variant))
            if variant and plan_of_it and plan_of_it != plan:
                posed.append((variant, plan_of_it))
        return all(f.verified for f in await self._judge_all(posed)) if posed else None

    async def evolve(self, task: Task, operator: str, seed: int) -> Task | None:
        """The task made harder by its specification; None where the operator does not fit, or the environment fails."""
        environment = self._environment
        if not isinstance(environment, Evolving):
            return None
        return self._own(await self._call(lambda: environment.evolve(task, operator, seed)))

    def _own(self, outcome: object) -> Task | None:
        """A task that a method returned, as it comes back from JSON; None for all else."""
        if not isinstance(outcome, Task):
            return None
        sound = guarded_call(lambda: Task.from_json(json.loads(canonical_json(outcome.to_json()))))
        return sound if isinstance(sound, Task) and sound.environment == self._environment.name else None
