"""STaR (Zelikman et al. 2022): what was learned with a hint helps on hidden tasks, where no hint is given."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.proofs.base import Stage, difference, missing
from burnish.policies.statistics import compare
from burnish.records import Proof

CLAIM = "the champion solves more of the sealed tasks than without what was learned with a hint"


class HintsProver:
    """Compares the champion with itself without the exemplars whose answer took a hint, on the sealed tasks."""

    name = "hints"
    calls = 0
    arms = 1

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        hinted = [f for _, a, f in stage.journal.judged("attempt") if a.origin == "hinted"]
        right = sum(f.verified for f in hinted)
        said = f"{right} of {len(hinted)} hinted answers were right"
        champion, after = stage.champion, stage.sealed("champion")
        learned = [e.id for e in stage.memory.at(champion.revision) if e.origin == "hinted" and champion.shows(e)]
        if not learned or not after:
            return [missing(self.name, CLAIM, f"{said}, and the champion shows none of them")]
        without = replace(champion, dropped=tuple(sorted({*champion.dropped, *learned})))
        tasks = [stage.journal.task(a.task_id) for a, _ in after]
        before = await stage.evaluate("hints", without, tasks)
        found = compare([f.verified for _, f in before], [f.verified for _, f in after])
        return [
            difference(
                self.name,
                CLAIM,
                found,
                passed=found.difference.lower > 0,
                detail=f"{found.before} and {found.after} of {found.n}, without and with the {len(learned)} exemplars "
                f"that took a hint; {said}",
            )
        ]
