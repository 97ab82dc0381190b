"""Retrieval and decoding settings: how many exemplars, in which order, how shared, how rendered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from burnish.agent.operators.base import Proposal, ProposalContext
from burnish.environments.forms import speak_of_json
from burnish.policies.curriculum import Tally
from burnish.programs import Format, Program

COUNTS = (1, 2, 3, 4, 6, 8, 12)
SHELVES = (1, 4, 8, 16, 32)
FORMATS: Mapping[Format, str] = {
    "text": "answers as text",
    "json": "answers as JSON",
    "extract": "answers as JSON in words of the task",
    "form": "answers of the form that is known of them",
}
RENDERINGS: Mapping[Literal["turns", "block", "beside"], str] = {
    "turns": "exemplars as turns",
    "block": "exemplars in one block",
    "beside": "instruction beside the task",
}
OF_JSON: Collection[Format] = ("json", "extract")


class SettingsOperator:
    """Proposes one neighbouring value of one setting, first one by which a search found what the model does not give by
    itself; those of retrieval only where there are exemplars.
    """

    name = "settings"
    informed = False

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        base = context.base
        everything = [*_formats(base, context), *_shown(base, len(context.exemplars))]
        options = [option for option in everything if option[0].variant not in context.proposed]
        if not options:  # plans, and nothing to show
            return []
        found = max(options, key=lambda option: _found(option[0], context))
        program, said = found if _found(found[0], context) else options[int(context.rng.integers(len(options)))]
        return [Proposal(self.name, program, said)]


def _found(program: Program, context: ProposalContext) -> float:
    """The share of answers that were verified when a search asked for them as this program would."""
    decoding, base = program.decoding, context.base.decoding
    changed = decoding.format if decoding.format != base.format else decoding.rendering
    tally = context.rungs.get(changed, Tally())
    return tally.solved / (tally.tried + 2) if decoding != base else 0.0


def _formats(base: Program, context: ProposalContext) -> Iterator[tuple[Program, str]]:
    """Other formats that may suit: JSON only where it is spoken of, and none for plans."""
    decoding = base.decoding
    spoken = [text for _, text in base.prompt.sections] + [e.answer for e in context.exemplars[:1]]
    of_json = speak_of_json([*spoken, *(failure.feedback for failure in context.failures)])
    for form, said in FORMATS.items() if decoding.format != "plan" else ():
        if form != decoding.format and (of_json or form not in OF_JSON) and (context.takes_grammars or form != "form"):
            yield replace(base, decoding=replace(decoding, format=form)), said


def _shown(base: Program, exemplars: int) -> Iterator[tuple[Program, str]]:
    """Other ways of showing the task, and exemplars where there are any."""
    decoding = base.decoding
    for rendering, said in RENDERINGS.items():
        if rendering != decoding.rendering and (exemplars or rendering == "beside"):
            yield replace(base, decoding=replace(decoding, rendering=rendering)), said
    if exemplars:
        yield from _with_exemplars(base, exemplars)


def _with_exemplars(base: Program, exemplars: int) -> Iterator[tuple[Program, str]]:
    retrieval = base.retrieval
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


def _near(values: tuple[int, ...], current: int) -> list[int]:
    """The values of a scale next below and above."""
    return [v for v in values if v < current][-1:] + [v for v in values if v > current][:1]
