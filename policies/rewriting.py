"""Which proposed programs are tried beside the champion, which of them make the attempts, and which are raced."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from burnish.limits import AboveZero, Count, Positive, Probability
from burnish.policies.curriculum import Tally
from burnish.policies.yields import thompson_draws

VERDICT = 0.5
"""What a verdict more makes of a score in [0, 1], its reward aside."""
LOOKED = 2.0
"""Won pairs that a proposal is credited with at most, for what it mended."""
DOUBT = 4.0
"""Pairs of no difference by which what was seen of an arm is doubted."""
SPREAD = 0.25
"""The variance of a pair's difference that is expected: half of all pairs differ, by a half to one."""


@dataclass(frozen=True)
class Prospect:
    """A race that could be begun: how many tasks it may have, and the level at which it is to prove a gain."""

    tasks: float
    level: float

    def least_gain(self, variance: float = SPREAD) -> float:
        """About the smallest mean difference it proves, by the growth of the best bet: n m² / (2 v) = ln(1 / a)."""
        return math.sqrt(2 * math.log(1 / self.level) * variance / max(1.0, self.tasks))


LONG = Prospect(math.inf, 0.05)
"""A race in which any gain can be proven."""


@dataclass(frozen=True)
class Arm:
    """A proposed program, as far as it was tried beside the champion on the same train tasks.

    `gained` sums the differences in its favour, `lost` those against it and `squares` their squares, over `pairs` pairs
    of scores in [0, 1]; `won` and `beaten` count them, one of less than a verdict in part. `mended` is the share of the
    failed tasks that it was put to first at which it did better. An `urgent` one needs no trial.
    """

    operator: str
    gained: float = 0.0
    lost: float = 0.0
    pairs: int = 0
    squares: float = 0.0
    won: float = 0.0
    beaten: float = 0.0
    mended: float = 0.0
    urgent: bool = False

    def with_pairs(self, differences: Sequence[float]) -> Arm:
        """The arm after further pairs: its score less the champion's."""
        up, down = [d for d in differences if d > 0], [-d for d in differences if d < 0]
        return replace(
            self,
            gained=self.gained + sum(up),
            lost=self.lost + sum(down),
            pairs=self.pairs + len(differences),
            squares=self.squares + sum(d * d for d in differences),
            won=self.won + sum(min(1.0, d / VERDICT) for d in up),
            beaten=self.beaten + sum(min(1.0, d / VERDICT) for d in down),
        )

    @property
    def untried(self) -> Arm:
        """The arm as it was before any pair."""
        return Arm(self.operator, mended=self.mended, urgent=self.urgent)

    @property
    def gain(self) -> float:
        """The mean difference in its favour, shrunk towards 0 as if by `DOUBT` further pairs of no difference."""
        return (self.gained - self.lost) / (self.pairs + DOUBT)

    @property
    def most_gain(self) -> float:
        """What the mean difference may be at most, about."""
        return self.gain + SURE * math.sqrt(self.variance / (self.pairs + DOUBT))

    @property
    def least_gain(self) -> float:
        """What the mean difference may be at least, about."""
        return self.gain - SURE * math.sqrt(self.variance / (self.pairs + DOUBT))

    @property
    def variance(self) -> float:
        """The variance of a pair's difference, as if `DOUBT` further pairs had the `SPREAD` that is expected."""
        return max(0.0, (self.squares + DOUBT * SPREAD) / (self.pairs + DOUBT) - self.gain**2)

    @property
    def chance(self) -> float:
        """The probability that it does better than the champion, where the two differ and nothing was known before."""
        from scipy.special import betainc

        return float(1 - betainc(1 + self.won, 1 + self.beaten, 0.5))


ALONE = 0.5
"""The probability of being better above which an arm is raced that is the only one."""
SURE = 1.5
"""Standard errors above or below what was seen of an arm that its gain may be."""
RARE = 3
"""Proposals of no use with which an operator begins that does not look at what failed."""
PATIENCE = 2
"""Iterations of looks at proposals of no use after which fewer are looked at."""
LINGERING = 0.6
"""The probability of being better below which an arm is dropped that had many pairs."""


@dataclass(frozen=True)
class YieldRewriting:
    """A bandit over programs: proposals answer some of the tasks that the champion answers in each iteration.

    So every answer is evidence for or against a proposal, and may be learned as well. Who is tried next is drawn by
    Thompson sampling (Thompson 1933), from what was seen of each proposal and of its operator's others. A proposal
    that is probably better makes most of the attempts from then on, and is raced; one that is probably not is dropped.
    """

    name: Literal["yield"] = "yield"
    trials: Positive = 3
    """Most proposals that are in trial at a time. Operators are asked for further ones when there are fewer."""
    trial_tasks: Count = 6
    """Train tasks of an iteration that a proposal answers as well as the champion. 0: proposals are raced untried."""
    look: Count = 4
    """Failed tasks that a proposal is put to first. One that does better on none of them is not tried further."""
    looks: Positive = 2
    """Most proposals of an iteration that are looked at so."""
    most_looks: Positive = 4
    """The same, once more exemplars are seen to bring hardly anything."""
    least: Positive = 6
    """Pairs of answers from which on a proposal may be raced or dropped."""
    most: Positive | None = None
    """Pairs of answers after which a proposal of which nothing shows is dropped. Unset, it stays: small gains take long
    to show."""
    ready: Probability = 0.85
    """The probability of being better than the champion from which on a proposal is raced."""
    hopeless: Probability = 0.25
    """The probability of being better than the champion below which a proposal is dropped."""
    growing: AboveZero = 0.5
    """The share of memory that the new exemplars of an iteration make up from which on the operator `compile` does not
    search.
    """

    succession: bool = True
    """Whether what is probably better than what is raced takes its place, and goes on with the evidence so far. Else a
    race is run to its end with the program that it began with."""

    def looks_after(self, in_vain: int, iteration: int, *, racing: bool = False, stalled: bool = False) -> int:
        """How many proposals are looked at in an iteration, given how many of the last were of no use: fewer the more
        there were, and in the end one every other iteration; one at most while something is raced. Where memory has
        `stalled` they are all there is to gain by: up to `most_looks`, and one in the end.
        """
        if racing and not self.succession:
            return 0
        if stalled:
            return max(1, self.most_looks >> in_vain // (PATIENCE * self.most_looks))
        if in_vain < PATIENCE * self.looks and not racing:
            return self.looks
        return 1 if in_vain < 2 * PATIENCE * self.looks or iteration % 2 else 0

    def settled(self, born: int, memory: int) -> bool:
        """Whether memory, now of `memory` exemplars of which `born` are new, has stopped growing fast: by a share of
        `growing` or more in one iteration.
        """
        return born < self.growing * memory or memory == 0

    def next_operator(self, informed: Mapping[str, bool], looks: Mapping[str, Tally], rng: np.random.Generator) -> str:
        """The operator to ask, given whether each knows what failed, and how many of its proposals were looked at and
        of use. It may come again.
        """
        known = {name: looks.get(name, Tally()) for name in sorted(informed)}
        doubted = {name: Tally(one.tried + RARE * (not informed[name]), one.solved) for name, one in known.items()}
        draws = thompson_draws(list(doubted), doubted, rng)
        return max(draws, key=draws.__getitem__)

    def choose(self, arms: Sequence[Arm], yields: Mapping[str, Tally], rng: np.random.Generator) -> int | None:
        """The index of the arm to try beside the champion; None where there is none."""
        draws = []
        for arm in arms:
            known = yields.get(arm.operator, Tally())
            prior = known.solved / (known.tried + 2) + LOOKED * arm.mended  # worth a few pairs at most
            draws.append(float(rng.beta(1 + prior + arm.won, 1 + arm.beaten)))
        return max(range(len(arms)), key=draws.__getitem__) if arms else None

    def leader(self, arms: Sequence[Arm], rng: np.random.Generator) -> int | None:
        """The index of the arm that makes the attempts in the champion's place; None where the champion does.

        It does every other time while others have hardly been tried: they are put beside the champion.
        """
        best = self.best(arms)
        if best is None or (any(arm.pairs < self.least for arm in arms) and rng.random() < 0.5):
            return None
        return best if float(rng.beta(1 + arms[best].won, 1 + arms[best].beaten)) > 0.5 else None

    def best(self, arms: Sequence[Arm]) -> int | None:
        """The index of the arm that is probably better than the champion by most, from which further ones are made."""
        ready = [i for i, arm in enumerate(arms) if arm.pairs and self.is_ready(arm)]
        return max(ready, key=lambda i: arms[i].gain, default=None)

    def overtakes(self, arm: Arm, raced: Arm) -> bool:
        """Whether an arm takes the place of what is raced on other tasks, given all pairs of both: it clearly gains
        more.
        """
        return self.is_ready(arm) and arm.least_gain > max(0.0, raced.most_gain)

    def is_ready(self, arm: Arm) -> bool:
        """Whether an arm is probably better than the champion."""
        tried = arm.urgent or self.trial_tasks == 0 or arm.pairs >= self.least
        return tried and (arm.chance >= self.ready or not arm.pairs)

    def is_hopeless(self, arm: Arm, race: Prospect = LONG) -> bool:
        """Whether an arm is dropped: it is probably worse, or its gain less than could ever be proven."""
        if arm.urgent or arm.pairs < self.least:
            return False
        if arm.most_gain < race.least_gain(max(arm.variance, SPREAD / 3)):
            return True
        lingers = self.most is not None and arm.pairs >= self.most
        return arm.chance < (LINGERING if lingers else self.hopeless)

    def send(self, arms: Sequence[Arm], race: Prospect = LONG) -> int | None:
        """The index of the arm to race, the likeliest first; None where none is ready.

        What gains too little for the `race` to prove it would only cost calls. The only one is raced on less: there is
        nothing to choose, and pairs of a race are proof.
        """
        ready = [
            i
            for i, arm in enumerate(arms)
            if self.is_ready(arm) and (not arm.pairs or arm.gain >= race.least_gain(arm.variance))
        ]
        if len(arms) == 1 and arms[0].pairs >= self.least and arms[0].chance > ALONE:
            return 0
        return max(ready, key=lambda i: (arms[i].urgent, arms[i].chance), default=None)
