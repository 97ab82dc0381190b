"""The sealed test: what a run may claim, from one look at tasks nothing has learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from burnish.policies.statistics import Comparison, compare
from burnish.types import Record, Verdict


@dataclass(frozen=True)
class SealedResult(Record):
    """The verdict of a run, why, and what it rests on.

    `controls` compares other programs (before) to the champion (after), on the same tasks: a gain over shuffled memory
    shows that it matters which exemplars are shown. They never change the verdict.
    """

    verdict: Verdict
    reason: str
    comparison: Comparison
    controls: Mapping[str, Comparison] = field(default_factory=dict)


def verdict(
    seed_passes: Sequence[bool],
    champion_passes: Sequence[bool],
    *,
    same_program: bool,
    collapsed: bool,
    iterations: int,
    control_passes: Mapping[str, Sequence[bool]] = MappingProxyType({}),
    alpha: float = 0.05,
    minimum_effect: float = 0.05,
) -> SealedResult:
    """What the run may claim; task i of every sequence is the same task.

    "collapsed" when the guard stopped the run; "undecided" when no iteration was finished; "improved" when
    McNemar's test proves a gain; "no improvement" when the champion is the seed or the whole interval lies below
    `minimum_effect`; "undecided" otherwise.
    """
    comparison = compare(seed_passes, champion_passes)
    controls = {name: compare(passes, champion_passes) for name, passes in control_passes.items()}
    change, p = comparison.difference, comparison.p_value
    claim: Verdict
    if collapsed:
        claim, reason = "collapsed", "The guard stopped the run: what it generated lost its diversity."
    elif not iterations:
        claim, reason = "undecided", "No iteration was finished, so nothing was tried: give a larger budget."
    elif same_program:
        claim, reason = "no improvement", "No challenger was promoted: the champion is the seed program."
    elif comparison.better(alpha):
        claim, reason = "improved", f"Pass rate rose by {change.estimate:.3f} (p = {p:.2g})."
    elif change.upper < minimum_effect:
        claim, reason = "no improvement", f"A gain of {minimum_effect:g} or more is ruled out (p = {p:.2g})."
    else:
        claim = "undecided"
        reason = f"{comparison.n} tasks neither prove a gain nor rule out one of {minimum_effect:g} (p = {p:.2g})."
    return SealedResult(claim, reason, comparison, controls)
