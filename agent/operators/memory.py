"""The champion with the memory as it stands now: what was learned since it was promoted."""

from __future__ import annotations

from burnish.agent.operators.base import Proposal, Situation

GROWTH = 1.5
"""Grown by this factor, memory goes to the gate without a trial: nothing else is likely to gain as much."""


class MemoryOperator:
    """Proposes the champion at the newest revision, when that holds other exemplars."""

    name = "memory"

    async def propose(self, situation: Situation) -> list[Proposal]:
        """See `Operator.propose`."""
        base, champion = situation.base, situation.champion
        if base.revision == champion.revision:
            return []
        size = len(situation.exemplars)
        said = f"memory of revision {base.revision} ({size} exemplars)"
        grown = size >= GROWTH * situation.known_before
        return [Proposal(self.name, base, said, urgent=grown and situation.settled)]
