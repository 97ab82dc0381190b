"""Other weights: the program with an adapter trained on what the run verified so far."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.operators.base import Proposal, ProposalContext


class TrainOperator:
    """Proposes the adapter of an iteration that trains one. It goes to the gate without a trial: it cost enough."""

    name = "train"
    informed = True

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        adapter = await context.train() if context.train else ""
        if not adapter:
            return []
        program = replace(context.base, adapter=adapter)
        return [Proposal(self.name, program, f"adapter {adapter}, trained on what was verified", urgent=True)]
