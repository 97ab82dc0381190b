"""The champion with the memory as it stands now: what was learned since it was promoted."""

from __future__ import annotations

from burnish.agent.operators.base import Proposal, ProposalContext

GROWTH = 1.5
"""Grown by this factor, memory goes to the gate. It has no trial: attempts are made with the newest memory anyway."""


class MemoryOperator:
    """Proposes the champion at the newest revision, when that holds enough other exemplars and grows slowly by now."""

    name = "memory"
    informed = False

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        champion, revision = context.champion, context.base.revision
        size = len(context.exemplars)
        grown = size >= GROWTH * context.known_before
        if revision == champion.revision or not (grown and context.settled):
            return []
        said = f"memory of revision {revision} ({size} exemplars)"
        return [Proposal(self.name, champion.at(revision), said, urgent=True)]
