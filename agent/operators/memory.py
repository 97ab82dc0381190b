"""The champion with the memory as it stands now: what was learned since it was promoted."""

from __future__ import annotations

from burnish.agent.operators.base import Proposal, Situation


class MemoryOperator:
    """Proposes the champion at the newest revision, when that holds other exemplars."""

    name = "memory"

    async def propose(self, situation: Situation) -> list[Proposal]:
        """See `Operator.propose`."""
        base, champion = situation.base, situation.champion
        if base.revision == champion.revision:
            return []
        return [Proposal(self.name, base, f"memory of revision {base.revision} ({len(situation.exemplars)} exemplars)")]
