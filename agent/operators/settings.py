"""Retrieval and decoding settings: how many exemplars, in which order, how shared, how rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from burnish.agent.operators.base import Proposal, ProposalContext
from burnish.programs import Format, Program

COUNTS = (1, 2, 3, 4, 6, 8, 12)
SHELVES = (1, 4, 8, 16, 32)
FORMATS: Mapping[Format, str] = {
    "text": "answers as text",
    "json": "answers as JSON",
    "extract": "answers as JSON in words of the task",
}


class SettingsOperator:
    """Proposes one neighbouring value of one setting; those of retrieval only where there are exemplars."""

    name = "settings"

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        options = list(_neighbours(context.base, len(context.exemplars)))
        if not options:  # plans, and nothing to show
            return []
        program, said = options[int(context.rng.integers(len(options)))]
        return [Proposal(self.name, program, said)]


def _neighbours(base: Program, exemplars: int) -> Iterator[tuple[Program, str]]:
    decoding = base.decoding
    for form, said in FORMATS.items() if decoding.format != "plan" else ():
        if form != decoding.format:
            yield replace(base, decoding=replace(decoding, format=form)), said
    if exemplars:
        yield from _with_exemplars(base, exemplars)


def _with_exemplars(base: Program, exemplars: int) -> Iterator[tuple[Program, str]]:
    retrieval, decoding = base.retrieval, base.decoding
    for k in _near(COUNTS, retrieval.k):
        if k <= exemplars:
            yield replace(base, retrieval=replace(retrieval, k=k)), f"k = {k}"
    if retrieval.policy == "shelves":
        for shelves in _near(SHELVES, retrieval.shelves):
            yield replace(base, retrieval=replace(retrieval, shelves=shelves)), f"shelves = {shelves}"
    if retrieval.order == "nearest_last":
        yield replace(base, retrieval=replace(retrieval, order="nearest_first")), "most alike exemplar first"
    else:
        yield replace(base, retrieval=replace(retrieval, order="nearest_last")), "most alike exemplar last"
    if decoding.rendering == "turns":
        yield replace(base, decoding=replace(decoding, rendering="block")), "exemplars in one block"
    else:
        yield replace(base, decoding=replace(decoding, rendering="turns")), "exemplars as turns"


def _near(values: tuple[int, ...], current: int) -> list[int]:
    """The values of a scale next below and above."""
    return [v for v in values if v < current][-1:] + [v for v in values if v > current][:1]
