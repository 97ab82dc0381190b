"""Exemplars left out: the least useful, and swapped: one random exemplar for whatever retrieval then finds."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.operators.base import Proposal, Situation

MOST_DROPPED = 64


class ExemplarsOperator:
    """Proposes the base without its harmful exemplars, and without one drawn at random (a swap: the next nearest
    takes its place).
    """

    name = "exemplars"

    async def propose(self, situation: Situation) -> list[Proposal]:
        """See `Operator.propose`."""
        base = situation.base
        shown = len(situation.exemplars) - len(base.dropped)
        if shown <= base.retrieval.k:
            return []
        proposals = []
        harmful = (i for i, useful in situation.usefulness.items() if useful < 0 and i not in base.dropped)
        worst = sorted(harmful, key=situation.usefulness.__getitem__)[: max(1, shown // 8)]
        if worst:
            proposals.append(self._without(situation, worst, f"without the {len(worst)} least useful exemplars"))
        order = situation.rng.permutation(len(situation.exemplars)).tolist()
        drawn = next(i for i in (situation.exemplars[n].id for n in order) if i not in base.dropped)
        proposals.append(self._without(situation, [drawn], f"swap of exemplar {drawn}"))
        return proposals

    def _without(self, situation: Situation, ids: list[str], said: str) -> Proposal:
        dropped = tuple(sorted({*situation.base.dropped, *ids}))[-MOST_DROPPED:]
        return Proposal(self.name, replace(situation.base, dropped=dropped), said)
