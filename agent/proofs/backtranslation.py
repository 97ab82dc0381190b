"""Instruction backtranslation (Li et al. 2023): the environment accepts the answer that a task was written for."""

from __future__ import annotations

from burnish.agent.proofs.base import Stage, counted, missing
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.statistics import wilson
from burnish.records import Proof

CLAIM = "the environment accepts the original answer for the kept task"
REFUSED = "it refuses the answer of another one"


class RoundTripProver:
    """Judges again the answers that tasks were written for, and as many that are another's."""

    name = "backtranslation"
    calls = 0
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        journal = stage.journal
        tasks = journal.tasks()
        written: list[Judged] = [(a, f) for _, a, f in journal.judged("attempt") if a.origin == "augmented"]
        pairs = [(tasks[a.task_id], a.answer) for a, _ in written]
        if not pairs:
            drafts = sum(t.tried for t in stage.past.drafts.get(self.name, {}).values())
            return [missing(self.name, CLAIM, f"none of {drafts} texts became a task")]
        again = [f.verified for f in await stage.environment.judge_all(pairs)]
        foreign = [
            (task, other)
            for (task, answer), (_, other) in zip(pairs, pairs[1:] + pairs[:1], strict=True)
            if answer != other
        ]
        wrong = [f.verified for f in await stage.environment.judge_all(foreign)]
        proofs = [
            counted(
                self.name,
                CLAIM,
                wilson(sum(again), len(again)),
                passed=all(again),
                detail=f"{sum(again)} of {len(again)} tasks that were written for an answer",
            )
        ]
        if foreign:
            detail = f"{len(wrong) - sum(wrong)} of {len(wrong)} refused"
            proofs.append(
                counted(
                    self.name,
                    REFUSED,
                    wilson(len(wrong) - sum(wrong), len(wrong)),
                    passed=not any(wrong),
                    detail=detail,
                )
            )
        return proofs
