"""STaR (Zelikman et al. 2022): what was learned with a hint helps on hidden tasks, where no hint is given."""

from __future__ import annotations

from burnish.agent.proofs.base import Stage, difference, missing
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
        before = await stage.without(self.name, "hinted")
        if before is None:
            return [missing(self.name, CLAIM, f"{said}, and the champion shows none of them")]
        detail = f"without and with the exemplars that took a hint; {said}"
        return [difference(self.name, CLAIM, before, stage.sealed("champion"), detail)]
