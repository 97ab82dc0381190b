"""Chain of abstraction (Gao et al. 2024): stored plans are right for other constants too, without a model."""

from __future__ import annotations

import asyncio

from burnish.agent.proofs.base import Stage, counted, measured, missing
from burnish.environments.plans import is_plan, reinstantiated
from burnish.policies.statistics import wilson
from burnish.records import Proof
from burnish.types import Exemplar

CLAIM = "a stored plan, its constants changed and resolved again without a model, equals the truth"
PLACEBO = "the plan of another problem of as many constants does not"
PLANS, VARIANTS = 200, 3


class AbstractionProver:
    """Poses the tasks of the plans in memory with other constants, and resolves the plans again."""

    name = "abstraction"
    calls = 0
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        newest = stage.past.records[-1].number
        plans = [e for e in stage.memory.sample(newest, PLANS) if is_plan(e.answer)]
        held = await asyncio.gather(*(self._holds(stage, e, e.answer) for e in plans))
        tried = [found for found in held if found is not None]
        if not tried:
            return [missing(self.name, CLAIM, "memory holds no plan of a task that has variants")]
        swapped = await asyncio.gather(*(self._swapped(stage, e, o) for e, o in _swaps(plans)))
        wrong = [found for found in swapped if found is not None]
        return [
            counted(
                self.name,
                CLAIM,
                wilson(sum(tried), len(tried)),
                passed=all(tried),
                detail=f"{sum(tried)} of {len(tried)} plans right for all of {VARIANTS} variants",
            ),
            measured(
                self.name,
                PLACEBO,
                lambda level: wilson(sum(wrong), len(wrong), level=level),
                f"{sum(wrong)} of {len(wrong)} plans of other kinds right",
                below=lambda level: wilson(sum(tried), len(tried), level=level).lower,
            )
            if wrong
            else missing(self.name, PLACEBO, "there is no plan of another kind with as many constants"),
        ]

    async def _holds(self, stage: Stage, exemplar: Exemplar, plan: str) -> bool | None:
        task = stage.journal.task(exemplar.task_id)
        return await stage.environment.holds(task, plan, range(VARIANTS))

    async def _swapped(self, stage: Stage, exemplar: Exemplar, other: Exemplar) -> bool | None:
        """Whether the other's plan holds, first brought to this one's constants."""
        own, foreign = [await stage.environment.constants(stage.journal.task(e.task_id)) for e in (exemplar, other)]
        plan = reinstantiated(other.answer, foreign, own)
        return None if plan is None else await self._holds(stage, exemplar, plan)


def _swaps(plans: list[Exemplar]) -> list[tuple[Exemplar, Exemplar]]:
    """Each with the next one, where that is of another cell."""
    return [(e, o) for e, o in zip(plans, plans[1:] + plans[:1], strict=True) if e.cell != o.cell]
