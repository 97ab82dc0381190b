"""STaR (Zelikman et al. 2022): what was answered with a hint is answered without it once it is learned."""

from __future__ import annotations

from burnish.agent.proofs.base import Stage, difference, missing
from burnish.policies.statistics import compare
from burnish.records import Proof

CLAIM = "tasks that needed a hint are solved without it by what was learned, their own exemplars never shown"
TASKS = 48


class HintsProver:
    """Has seed and champion answer, without a hint, the tasks whose hinted answer was verified."""

    name = "hints"
    calls = 2 * TASKS
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        journal = stage.journal
        hinted = [(a, f) for _, a, f in journal.judged("attempt") if a.origin == "hinted"]
        needed = list(dict.fromkeys(a.task_id for a, f in hinted if f.verified))
        if not needed:
            return [missing(self.name, CLAIM, f"none of {len(hinted)} hinted answers was right")]
        drawn = stage.rng(self.name).permutation(len(needed))[:TASKS].tolist()
        tasks = [journal.task(needed[i]) for i in sorted(drawn)]
        before = await stage.evaluate("hints seed", stage.seed_program, tasks)
        after = await stage.evaluate("hints champion", stage.champion, tasks)
        found = compare([f.verified for _, f in before], [f.verified for _, f in after])
        return [
            difference(
                self.name,
                CLAIM,
                found,
                passed=found.better(0.05),
                detail=f"{found.before} and {found.after} of {found.n}, seed and champion, p = {found.p_value:.2g}; "
                f"{sum(f.verified for _, f in hinted)} of {len(hinted)} hinted answers were right",
            )
        ]
