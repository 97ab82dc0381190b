"""The champion with the memory as it stands now: what was learned since it was promoted."""

from __future__ import annotations

from burnish.agent.operators.base import Proposal, ProposalContext

GROWTH = 1.5
"""Grown by this factor, memory goes to the gate without a trial: nothing else is likely to gain as much."""


class MemoryOperator:
    """Proposes the champion at the newest revision, when that holds other exemplars."""

    name = "memory"

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        base, champion = context.base, context.champion
        if base.revision == champion.revision:
            return []
        size = len(context.exemplars)
        said = f"memory of revision {base.revision} ({size} exemplars)"
        grown = size >= GROWTH * context.known_before
        return [Proposal(self.name, base, said, urgent=grown and context.settled)]
