"""Retrieval and decoding settings: how many exemplars, in which order, how shared, how rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from burnish.agent.operators.base import Proposal, Situation
from burnish.types import Program

COUNTS = (1, 2, 3, 4, 6, 8, 12)
SHELVES = (1, 4, 8, 16, 32)


class SettingsOperator:
    """Proposes one neighbouring value of one setting; those of retrieval only where there are exemplars."""

    name = "settings"

    async def propose(self, situation: Situation) -> list[Proposal]:
        """See `Operator.propose`."""
        options = list(_neighbours(situation.base, len(situation.exemplars)))
        program, said = options[int(situation.rng.integers(len(options)))]
        return [Proposal(self.name, program, said)]


def _neighbours(base: Program, exemplars: int) -> Iterator[tuple[Program, str]]:
    decoding = base.decoding
    if decoding.format == "text":
        yield replace(base, decoding=replace(decoding, format="json")), "answers as JSON"
    else:
        yield replace(base, decoding=replace(decoding, format="text")), "answers as text"
    if exemplars:
        yield from _with_exemplars(base, exemplars)


def _with_exemplars(base: Program, exemplars: int) -> Iterator[tuple[Program, str]]:
    retrieval, decoding = base.retrieval, base.decoding
    for k in _beside(COUNTS, retrieval.k):
        if k <= exemplars:
            yield replace(base, retrieval=replace(retrieval, k=k)), f"k = {k}"
    if retrieval.policy == "shelves":
        for shelves in _beside(SHELVES, retrieval.shelves):
            yield replace(base, retrieval=replace(retrieval, shelves=shelves)), f"shelves = {shelves}"
    if retrieval.order == "nearest_last":
        yield replace(base, retrieval=replace(retrieval, order="nearest_first")), "most alike exemplar first"
    else:
        yield replace(base, retrieval=replace(retrieval, order="nearest_last")), "most alike exemplar last"
    if decoding.rendering == "turns":
        yield replace(base, decoding=replace(decoding, rendering="block")), "exemplars in one block"
    else:
        yield replace(base, decoding=replace(decoding, rendering="turns")), "exemplars as turns"


def _beside(values: tuple[int, ...], current: int) -> list[int]:
    below = [v for v in values if v < current]
    above = [v for v in values if v > current]
    return below[-1:] + above[:1]
