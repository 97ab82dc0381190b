"""Compiling: a budgeted search over instruction × exemplars × k × retrieval, whose floor is the unchanged program.

In the spirit of DSPy's optimizers (Khattab et al. 2024; Opsahl-Ong et al. 2024): bootstrapped exemplar sets and
instructions are combined and compared on train tasks. Nothing here needs a model that can write instructions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from burnish.agent.operators.bank import BANK
from burnish.agent.operators.bank import SECTION as STYLE
from burnish.agent.operators.base import Proposal, ProposalContext
from burnish.agent.operators.rules import SECTION as RULES
from burnish.agent.operators.rules import RulesOperator
from burnish.agent.operators.settings import COUNTS
from burnish.config import CompilingConfig
from burnish.errors import BudgetExhausted
from burnish.policies.halving import Rung, beats, latin, rungs, survivors
from burnish.policies.retrieval import representatives
from burnish.programs import Program
from burnish.types import JsonValue

COVERED_SAMPLE = 512
"""Exemplars among which a covering set is sought; bounds the work however large memory grows."""

POLICIES: tuple[Literal["shelves", "nearest"], ...] = ("shelves", "nearest")
ORDERS: tuple[Literal["nearest_last", "nearest_first"], ...] = ("nearest_last", "nearest_first")


Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    """Exemplars that a program is limited to, none for all there are, and in words which."""

    ids: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class CandidateProgram:
    """A combination as a program."""

    program: Program
    said: str


class CompileOperator:
    """Proposes what beat the champion on train tasks in a search by sequential halving, and otherwise nothing.

    The champion is tried on every task of the search, and so is the champion with the newest memory: a combination is
    proposed only when it did better than both. A budget that ends within the search ends it with what is known by then.
    """

    name = "compile"
    informed = False

    def __init__(self, settings: CompilingConfig) -> None:
        self._settings = settings

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`. Nothing is searched while memory is empty or grows fast."""
        if not context.settled or not context.exemplars:
            return []
        everyone = [*_unchanged(context), *await self._drawn(context)]
        candidates = list({c.program.id: c for c in everyone if c.program.id != context.champion.id}.values())
        best, scores, floor = await _searched(context, candidates, rungs(len(candidates), self._settings.tasks))
        if best is None or not beats(scores, floor):
            return []
        return [Proposal(self.name, best.program, best.said, urgent=True, score=float(scores.mean()))]

    async def _drawn(self, context: ProposalContext) -> list[CandidateProgram]:
        base = context.base
        styles = list(dict.fromkeys([base.prompt.text(STYLE), "", *BANK]))
        proposed = [p.program.prompt.text(RULES) for p in await RulesOperator().propose(context)]
        rules = list(dict.fromkeys([base.prompt.text(RULES), *proposed]))
        sets = await asyncio.to_thread(self._sets, context)
        counts = [k for k in COUNTS if k <= len(context.exemplars)]
        policies = list(dict.fromkeys([base.retrieval.policy, *POLICIES]))
        sizes = [len(choice) for choice in (styles, rules, sets, counts, policies, ORDERS)]
        candidates = []
        for a, b, c, d, e, f in latin(sizes, self._settings.candidates, context.rng):
            prompt = base.prompt.with_section(STYLE, styles[a], self.name).with_section(RULES, rules[b], self.name)
            chosen = sets[c]
            k = min(counts[d], len(chosen.ids) or counts[d])
            shelves = 1 if chosen.ids else base.retrieval.shelves  # a chosen set is shown alike to every task
            retrieval = replace(base.retrieval, k=k, policy=policies[e], order=ORDERS[f], shelves=shelves)
            program = replace(base, prompt=prompt, retrieval=retrieval, only=chosen.ids)
            candidates.append(CandidateProgram(program, _words(program, chosen)))
        return candidates

    def _sets(self, context: ProposalContext) -> list[Chosen]:
        """All exemplars, and where there are more than a set holds: the most useful, the covering and drawn ones."""
        size, left_out = self._settings.size, context.base.dropped
        ids = [e.id for e in context.exemplars if e.id not in left_out]
        made = [Chosen((), "all exemplars")]
        if len(ids) <= size:
            return made
        useful = [i for i in ids if context.usefulness.get(i, 0.0) > 0]
        useful.sort(key=lambda i: (-context.usefulness[i], i))
        sample = [ids[i] for i in context.rng.permutation(len(ids))[:COVERED_SAMPLE].tolist()]
        covering = [sample[i] for i in representatives(context.vectors(sample), size)]
        chosen = [(useful[:size], "the most useful"), (covering, "covering")]
        chosen += [(_draw(ids, size, context.rng), "drawn") for _ in range(self._settings.sets)]
        return made + [Chosen(tuple(sorted(some)), f"{len(some)} exemplars, {said}") for some, said in chosen if some]


def _unchanged(context: ProposalContext) -> list[CandidateProgram]:
    """The champion with the newest memory: what it would be without a search."""
    return [CandidateProgram(context.base, f"memory of revision {context.base.revision}, nothing else changed")]


async def _searched(
    context: ProposalContext, candidates: Sequence[CandidateProgram], plan: Sequence[Rung]
) -> tuple[CandidateProgram | None, Scores, Scores]:
    """The best of the last round that was played to its end, with its scores and the floor's, shape (tasks,) each."""
    left = list(candidates)
    floor, scores = np.zeros(0), np.zeros((len(left), 0))
    rounds: list[JsonValue] = []
    for rung in plan:
        try:
            kept = survivors(scores, rung.candidates) if scores.size else list(range(len(left)))
            programs = [context.champion, *(left[i].program for i in kept)]
            found = np.array(await context.score(programs, rung.tasks))
        except BudgetExhausted:
            break
        if not found.size:  # no further train tasks
            break
        left = [left[i] for i in kept]
        scores = np.hstack([scores[kept], found[1:]])
        floor = np.concatenate([floor, found[0]])
        means = scores.mean(axis=1).round(6).tolist()
        tried: list[JsonValue] = [
            {"program": c.program.id, "said": c.said, "score": s} for c, s in zip(left, means, strict=True)
        ]
        rounds.append({"tasks": len(floor), "floor": round(float(floor.mean()), 6), "candidates": tried})
    context.note("search", rounds)
    if not floor.size:
        return None, floor, floor
    (best,) = survivors(scores, 1)
    return left[best], scores[best], floor


def _draw(ids: Sequence[str], size: int, rng: np.random.Generator) -> list[str]:
    return [ids[i] for i in rng.choice(len(ids), size, replace=False).tolist()]


def _words(program: Program, chosen: Chosen) -> str:
    style = program.prompt.text(STYLE)
    said = [f'style: "{style}"' if style else "no style"]
    rules = program.prompt.text(RULES).count("\n- ")
    said += [f"{rules} rules"] if rules else []
    settings = program.retrieval
    if settings.k:
        said += [chosen.said, f"k = {settings.k}", settings.policy, settings.order.replace("_", " ")]
    return ", ".join(said)
