"""Exemplars left out: the least useful, and swapped: one random exemplar for whatever retrieval then finds."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.operators.base import Proposal, ProposalContext

MOST_DROPPED = 64


class ExemplarsOperator:
    """Proposes the base without its harmful exemplars, and without one drawn at random (a swap: the next nearest
    takes its place).
    """

    name = "exemplars"
    informed = False

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        base = context.base
        shown = len(context.exemplars) - len(base.dropped)
        if shown <= base.retrieval.k:
            return []
        proposals = []
        harmful = (i for i, useful in context.usefulness.items() if useful < 0 and i not in base.dropped)
        worst = sorted(harmful, key=context.usefulness.__getitem__)[: max(1, shown // 8)]
        if worst:
            proposals.append(self._without(context, worst, f"without the {len(worst)} least useful exemplars"))
        order = context.rng.permutation(len(context.exemplars)).tolist()
        drawn = next(i for i in (context.exemplars[n].id for n in order) if i not in base.dropped)
        proposals.append(self._without(context, [drawn], f"swap of exemplar {drawn}"))
        return proposals

    def _without(self, context: ProposalContext, ids: list[str], said: str) -> Proposal:
        dropped = tuple(sorted({*context.base.dropped, *ids}))[-MOST_DROPPED:]
        return Proposal(self.name, replace(context.base, dropped=dropped), said)
