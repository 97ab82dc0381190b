"""The gate: does a challenger behave better than the champion, judged on paired differences as they come in?

The differences `d` are reward of the challenger minus reward of the champion on the same task, in [-1, 1]. The tasks
must be fresh to the challenger: it was made without seeing how anything answered them. An environment whose verdicts
vary may give the mean over repeats as one difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from burnish.limits import NonNegative, Positive, Probability
from burnish.types import Feedback, Outcome, Record

Floats = NDArray[np.float64]


def score(feedback: Feedback) -> float:
    """What programs are compared by, in [0, 1]: half the verdict and half the reward.

    What is verified counts most; what comes nearer to it counts too, so that progress shows before the first success.
    """
    return (feedback.verified + feedback.reward) / 2


@dataclass(frozen=True)
class Pair:
    """The scores of two programs on a task, of which the new one is to be proven better.

    Where the server or the environment failed, a verdict is `missing` and counts in the worst case, for the old program
    and against the new one: verdicts may be missing just where answers are bad.
    """

    old: float
    new: float
    missing: bool = False

    @classmethod
    def of(cls, old: Feedback, new: Feedback) -> Pair:
        """That of two verdicts."""
        missing = not (old.status.judged and new.status.judged)
        return cls(score(old) if old.status.judged else 1.0, score(new) if new.status.judged else 0.0, missing)

    @property
    def difference(self) -> float:
        """What the new program has more, in [-1, 1]."""
        return self.new - self.old


VOID, LEAST_VOID = 0.2, 10
"""The share of pairs with a missing verdict above which a comparison says nothing, and from how many pairs on."""


def is_void(missing: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether too many verdicts are missing for comparisons of so many pairs to say anything; same shape."""
    void: NDArray[np.bool_] = (pairs >= LEAST_VOID) & (missing > VOID * pairs)
    return void


FRACTIONS = np.array([0.3, 0.5, 0.9])
"""Shares of the capital that are bet. A mixture needs no guess of the effect. Of seven mixtures in simulation
(`benchmarks/gate_power.py`) this one finds a gain of 0.1 oftenest for as many pairs of a challenger that gains nothing;
the large share makes a race of a large gain quick."""


LEAST_CAP = 60
"""Tasks that a race may have however few iterations are left: the last one races on to its end."""


MOST_BLOCKS = 30
"""Iterations that a race takes to its cap, where its blocks need not be smaller than `block`."""


@dataclass(frozen=True)
class GateDecision(Record):
    """What the gate knows of one challenger after the first `n` differences.

    `outcome` is "undecided" both while the test is `open` and when it ended without proof. `e_value` is the capital
    of the bet against "no better" and accepts at `threshold`; `futility_e_value` that against "better by at least
    the minimum effect". [`lower`, `upper`] holds the true mean difference at any stopping time, `lower` but for
    the level of this challenger and `upper` but for the futility level.
    """

    outcome: Outcome
    open: bool
    challenger: int
    n: int
    mean: float
    lower: float
    upper: float
    e_value: float
    threshold: float
    futility_e_value: float
    reason: str


@dataclass(frozen=True)
class BettingGate(Record):
    """Test by betting (Waudby-Smith and Ramdas 2023, section 4), valid at every stopping time.

    Capital starts at 1 and is bet, difference by difference, on the challenger: a share f of it is multiplied by
    (1 + d) / (1 + m), the rest is kept. While the true mean is at most m it is a supermartingale, so it ever reaches
    1 / a with probability at most a (Ville). m = 0 gives acceptance; the same bet on -d with m = -minimum_effect
    gives rejection, at level `futility`. The capital is the mean over `FRACTIONS`.

    The first difference at which a bound is crossed decides, and later ones are not looked at, so asking after
    every block and asking once give the same decision.

    A test is also given up, undecided, when acceptance by `cap` is out of reach: when capital stays short of the
    threshold even if the remaining tasks went like those so far with `imagined_wins` differences of +1 among
    them. This too costs power only. It is what ends challengers that change nothing: at a cap of 60 the bound for
    rejection is out of reach of most. With None, every test may use its whole cap.
    """

    name: Literal["betting"] = "betting"
    alpha: Probability = 0.05
    """Probability, for the whole run, of promoting a program that is no better than the champion."""
    minimum_effect: Probability = 0.05
    """A challenger that is shown to gain less than this is rejected."""
    futility: Probability = 0.1
    """Probability of rejecting a challenger that does gain as much. Such errors cost power only."""
    cap: Positive = 800
    """Most tasks of one race; fewer where the budget affords fewer from its start on."""
    block: Positive = 8
    """Validation tasks of a race in one iteration; more where it may be long, so that it takes some thirty."""
    on_train: bool = True
    """Whether a race is run on train tasks, for as long as there are fresh ones: both programs answer those of an
    iteration, and what they answer may be learned as well. Else on validation tasks."""
    imagined_wins: NonNegative | None = 8.0
    """A race is given up when even this many more wins would not decide it."""

    def level(self, k: int) -> float:
        """The share of `alpha` that the k-th challenger may spend: 6 alpha / (pi k)^2, which sums to `alpha`."""
        if k < 1:
            raise ValueError(f"Challengers are counted from 1, but the gate was asked about number {k}.")
        return 6 * self.alpha / (math.pi * k) ** 2

    def decide(self, pairs: Sequence[Pair], *, challenger: int, since: int = 0) -> GateDecision:
        """Judge all pairs so far, at most `cap` of them, of the run's `challenger`-th challenger, counted from 1.

        What is raced may have changed after `since` of them: only later ones say how it will go on. Nothing is accepted
        while a bet that verdicts alone get worse has reached 1 / `futility`, nor where too many are missing.
        Raises ValueError when a difference is not a number in [-1, 1].
        """
        level = self.level(challenger)
        pairs = pairs[: self.cap]
        d = _checked([pair.difference for pair in pairs])
        gain, futility = capital(d, 0.0), capital(-d, -self.minimum_effect)
        verdicts = np.array([(pair.new == 1.0) - (pair.old == 1.0) for pair in pairs], dtype=np.float64)
        harmless = capital(-verdicts, 0.0) < 1 / self.futility
        void = is_void(np.cumsum([pair.missing for pair in pairs]), np.arange(1, len(pairs) + 1))
        accepted = _first((gain >= 1 / level) & harmless & ~void)
        rejected = _first(futility >= 1 / self.futility)
        given_up = _first((self._best_end(d, since) < 1 / level) | void)
        n = min(accepted, rejected, given_up, len(d))
        outcome: Outcome = "accept" if n == accepted else "reject" if n == rejected else "undecided"
        is_open = outcome == "undecided" and n != given_up and n < self.cap
        return GateDecision(
            outcome=outcome,
            open=is_open,
            challenger=challenger,
            n=n,
            mean=float(d[:n].mean()) if n else 0.0,
            lower=lower_bound(d[:n], level),
            upper=-lower_bound(-d[:n], self.futility),
            e_value=float(gain[n - 1]) if n else 1.0,
            threshold=1 / level,
            futility_e_value=float(futility[n - 1]) if n else 1.0,
            reason=self._reason(outcome, n, is_open=is_open, void=bool(n and void[n - 1])),
        )

    def within(self, tasks: float) -> BettingGate:
        """The test for a race for which the budget buys so many tasks: what is out of reach is given up sooner."""
        return replace(self, cap=int(min(self.cap, max(LEAST_CAP, tasks))))

    def next_block(self, decision: GateDecision) -> int:
        """How many tasks to run before asking again: fewer at the cap, 0 when the test is closed."""
        block = max(self.block, math.ceil(self.cap / MOST_BLOCKS))
        return min(block, self.cap - decision.n) if decision.open else 0

    def _best_end(self, d: Floats, since: int) -> Floats:
        """Capital at the cap, as hoped for after each difference (see the class); shape of `d`."""
        if self.imagined_wins is None:
            return np.full(len(d), np.inf)
        logs = _log_capitals(d, 0.0)
        n = np.arange(1, len(d) + 1)[:, None]
        before = logs[since - 1] if since else np.zeros(len(FRACTIONS))
        hoped = (logs - before + self.imagined_wins * np.log1p(FRACTIONS)) / (
            np.maximum(n - since, 0) + self.imagined_wins
        )
        ends = _mixture(logs + (self.cap - n) * hoped)
        ends[:since] = np.inf  # it went on from there
        ends[self.cap - 1 :] = np.inf  # at the cap nothing is left to give up
        return ends

    def _reason(self, outcome: Outcome, n: int, *, is_open: bool, void: bool) -> str:
        if void:
            return f"Void after {n} tasks: on more than {VOID:.0%} of them the server or the environment failed."
        if outcome == "accept":
            return f"Better than the champion, proved on {n} tasks."
        if outcome == "reject":
            return f"Not better by {self.minimum_effect:g}, proved on {n} tasks."
        if is_open:
            return f"No proof either way on {n} tasks yet."
        if n < self.cap:
            return f"Given up after {n} tasks: proof by task {self.cap} is out of reach."
        return f"No proof either way on all {n} tasks."


def capital(differences: Floats, mean: float) -> Floats:
    """Capital of the bet that the true mean exceeds `mean`, after each difference; shape of `differences`."""
    return _mixture(_log_capitals(differences, mean))


def lower_bound(differences: Floats, level: float) -> float:
    """Below the true mean at every stopping time but with probability `level`; -1 when nothing is known.

    The means refuted at any time so far form an interval from -1 up, since capital falls as the mean rises.
    """
    low, high = -1.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        refuted = capital(differences, middle).max(initial=0.0) >= 1 / level
        low, high = (middle, high) if refuted else (low, middle)
    return low


def _log_capitals(d: Floats, mean: float) -> Floats:
    """Log capital of each fraction after each difference: (n, fractions)."""
    pays = (1 + d[:, None]) / (1 + mean)
    return np.log(1 - FRACTIONS + FRACTIONS * pays).cumsum(axis=0)


def _mixture(logs: Floats) -> Floats:
    """Mean of the capitals over the fractions, short of overflow."""
    capitals: Floats = np.exp(np.minimum(logs, 700.0)).mean(axis=1)
    return capitals


def _first(crossed: NDArray[np.bool_]) -> int:
    """The number of differences at the first crossing; beyond any list when there is none."""
    return int(crossed.argmax()) + 1 if crossed.any() else 2**31


def _checked(differences: Sequence[float]) -> Floats:
    d = np.asarray(differences, dtype=np.float64).reshape(-1)
    wrong = np.flatnonzero(~(np.abs(d) <= 1))
    if len(wrong):
        raise ValueError(f"Difference {wrong[0]} is {d[wrong[0]]}: rewards lie in [0, 1], so differences in [-1, 1].")
    return d
