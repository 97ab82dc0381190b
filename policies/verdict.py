"""The sealed test: what a run may claim, from one look at tasks nothing has learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from burnish.policies.acceptance import VOID, is_void
from burnish.policies.statistics import Comparison, compare
from burnish.types import Record, Verdict

UNPROMOTED = 5.0
"""By how much the level of a gain is divided where nothing was promoted: memory grows without a race."""

Passed = bool | None
"""Whether a task was passed; None where the server or the environment failed."""


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
    seed: Sequence[Passed],
    champion: Sequence[Passed],
    *,
    same_program: bool,
    collapsed: bool,
    iterations: int,
    unraced: str = "",
    promoted: bool = True,
    controls: Mapping[str, Sequence[Passed]] = MappingProxyType({}),
    alpha: float = 0.05,
    minimum_effect: float = 0.05,
) -> SealedResult:
    """What the run may claim; task i of every sequence is the same task, and both programs were judged on one at least.

    "collapsed" when the guard stopped the run; "undecided" when no iteration was finished, or nothing was raced, for
    the reason `unraced`; "improved" and "worse" when McNemar's test proves a gain or a loss; "no improvement" when all
    challengers were refused or the whole interval lies below `minimum_effect`; "undecided" otherwise. A gain is proven
    at `alpha`, or at `alpha` / `UNPROMOTED` where no race `promoted` anything, so that nothing but this test speaks for
    it. Where verdicts are missing the claim is "undecided" too, unless it is the same with all of them against the
    champion and with all of them for it; and where more than `VOID` are.
    """
    comparison = compare(*_both(seed, champion))
    compared = {
        name: compare(*both) for name, passes in controls.items() if (both := _both(passes, champion)) != ([], [])
    }
    claim: Verdict
    if collapsed:
        claim, reason = "collapsed", "The guard stopped the run: what it generated lost its diversity."
    elif not iterations:
        claim, reason = "undecided", "No iteration was finished, so nothing was tried: give a larger budget."
    elif same_program and unraced:
        claim, reason = "undecided", f"Nothing was raced, because {unraced}."
    elif same_program:
        claim, reason = "no improvement", "No challenger was promoted: the champion is the seed program."
    else:
        levels = (alpha if promoted else alpha / UNPROMOTED, alpha)
        claim, reason = _claim(comparison, levels, minimum_effect)
        if missing := _missing(seed, champion):
            claim, reason = _in_the_worst_case(seed, champion, claim, f"{reason} {missing}", levels, minimum_effect)
    return SealedResult(claim, reason, comparison, compared)


def _claim(comparison: Comparison, levels: tuple[float, float], minimum_effect: float) -> tuple[Verdict, str]:
    """`levels` are those of a gain and of a loss."""
    change, p = comparison.difference, comparison.p_value
    if comparison.better(levels[0]):
        return "improved", f"Pass rate rose by {change.estimate:.3f} (p = {p:.2g})."
    if comparison.worse(levels[1]):
        return "worse", f"Pass rate fell by {-change.estimate:.3f} (p = {p:.2g}); the program given out is the seed's."
    if change.upper < minimum_effect:
        return "no improvement", f"A gain of {minimum_effect:g} or more is ruled out (p = {p:.2g})."
    if comparison.better(levels[1]):
        said = (
            f"Pass rate rose by {change.estimate:.3f} (p = {p:.2g}), but no race has promoted anything, and what only"
        )
        return "undecided", f"{said} the sealed test speaks for has to be proven at p = {levels[0]:g}."
    said = f"{comparison.n} tasks neither prove a gain nor rule out one of {minimum_effect:g} (p = {p:.2g})."
    return "undecided", said


def _missing(seed: Sequence[Passed], champion: Sequence[Passed]) -> str:
    """On how many tasks each program was not judged, in a sentence; empty where there are none."""
    without = {"seed": seed.count(None), "champion": champion.count(None)}
    counted = " and ".join(f"{count} of the {name}" for name, count in without.items() if count)
    return counted and f"Of {len(seed)} tasks each, the server or the environment failed on {counted}."


def _in_the_worst_case(
    seed: Sequence[Passed],
    champion: Sequence[Passed],
    claim: Verdict,
    reason: str,
    levels: tuple[float, float],
    minimum_effect: float,
) -> tuple[Verdict, str]:
    """A claim and its reason, given that verdicts are missing."""
    missing = sum(one is None or other is None for one, other in zip(seed, champion, strict=True))
    if is_void(np.array(missing), np.array(len(seed))):
        return "undecided", f"{reason} That is more than {VOID:.0%}, so nothing can be said."
    for passed in (False, True):  # all of them against the champion, then all of them for it
        before, after = [not passed if s is None else s for s in seed], [passed if c is None else c for c in champion]
        other, _ = _claim(compare(before, after), levels, minimum_effect)
        if claim not in (other, "undecided"):
            side = "for" if passed else "against"
            return "undecided", f"{reason} With all of those {side} the champion the verdict would be {other!r}."
    return claim, reason


def _both(before: Sequence[Passed], after: Sequence[Passed]) -> tuple[list[bool], list[bool]]:
    """Those of the tasks on which both programs were judged."""
    pairs = [(b, a) for b, a in zip(before, after, strict=True) if b is not None and a is not None]
    return [b for b, _ in pairs], [a for _, a in pairs]
