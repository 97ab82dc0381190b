"""Merging of two programs that do better than the champion in different cells."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

from burnish.agent.operators.base import Proposal, ProposalContext
from burnish.policies.pareto import wins
from burnish.programs import Decoding, Program, Prompt, Retrieval

Settings = TypeVar("Settings", Retrieval, Decoding)


class MergeOperator:
    """Proposes the two programs of the Pareto set that win most cells as one: the champion with what either changed.

    Where both changed the same, the one counts that wins more cells. After GEPA's merge (Agrawal et al. 2025), which
    takes each component from the parent that changed it.
    """

    name = "merge"
    informed = True

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        rivals = context.rivals
        won = wins([rival.cells for rival in rivals], context.cells)
        best = sorted((i for i in range(len(rivals)) if won[i]), key=lambda i: -len(won[i]))
        for first, second in ((a, b) for place, a in enumerate(best) for b in best[place + 1 :]):
            program = merged(context.base, rivals[second].program, rivals[first].program)
            known = {context.base.variant, *context.proposed, *(rival.program.variant for rival in rivals)}
            if program.variant not in known:
                said = " with ".join(f"what is better at {_listed(won[i])}" for i in (first, second))
                return [Proposal(self.name, program, said)]
        return []


def merged(base: Program, *changed: Program) -> Program:
    """`base` with what each of the others has changed, a later one over an earlier one."""
    program = base
    for one in changed:
        prompt = program.prompt
        for name in dict.fromkeys(name for name, _ in (*base.prompt.sections, *one.prompt.sections)):
            if (text := one.prompt.text(name)) != base.prompt.text(name):
                prompt = prompt.with_section(name, text, MergeOperator.name)
        program = replace(
            program,
            prompt=Prompt(prompt.sections, base.prompt.id, MergeOperator.name) if prompt != base.prompt else prompt,
            retrieval=_merged(base.retrieval, one.retrieval, program.retrieval),
            decoding=_merged(base.decoding, one.decoding, program.decoding),
        )
    return program


def _merged(base: Settings, changed: Settings, onto: Settings) -> Settings:
    """`onto` with the settings in which `changed` differs from `base`."""
    names = [f.name for f in fields(base) if getattr(changed, f.name) != getattr(base, f.name)]
    return replace(onto, **{name: getattr(changed, name) for name in names})


def _listed(cells: set[str], most: int = 3) -> str:
    shown = sorted(cells)[:most]
    return ", ".join(shown) + (f" and {len(cells) - most} more" if len(cells) > most else "")
