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
        shown = [e.id for e in situation.exemplars if e.id not in base.dropped]
        if len(shown) <= base.retrieval.k:
            return []
        proposals = []
        harmful = sorted(
            (i for i in shown if situation.usefulness.get(i, 0.0) < 0), key=situation.usefulness.__getitem__
        )
        worst = harmful[: max(1, len(shown) // 8)]
        if worst:
            proposals.append(self._without(situation, worst, f"without the {len(worst)} least useful exemplars"))
        drawn = shown[int(situation.rng.integers(len(shown)))]
        proposals.append(self._without(situation, [drawn], f"swap of exemplar {drawn}"))
        return proposals

    def _without(self, situation: Situation, ids: list[str], said: str) -> Proposal:
        dropped = tuple(sorted({*situation.base.dropped, *ids}))[-MOST_DROPPED:]
        return Proposal(self.name, replace(situation.base, dropped=dropped), said)
