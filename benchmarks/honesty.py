"""It does not fool itself: what cannot be learned is not "improved", and what is no better is hardly ever promoted.

Scripted answers, no model, every simulation with its own seeds:

    null runs       whole runs on `null`, whose verdicts are drawn by lot: how many end as "improved"
    no-op           challengers equal to the champion through the gate, in runs of 20 challengers
    faults          the same where the server fails, the oftener the worse the answer: what is missing counts against
                    the challenger
    reuse           the same where all challengers of a run meet the same answers of the champion
    drift           the same where both get better and worse together as the run goes on, as with a server that changes
    succession      races in which the challenger is replaced by whatever did best so far
    chance judge    ratings by lot, looked at after each of 24 iterations: how often they have a vote at some time

For each a bound says what rate the count still allows (Clopper and Pearson 1934, 95 %).

    python benchmarks/honesty.py [--runs 60] [--simulated 1000]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from burnish import RunConfig, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.policies.acceptance import BettingGate, Pair
from burnish.policies.calibration import has_vote
from burnish.types import content_hash

CHALLENGERS_A_RUN = 20
CAP = 240
"""Pairs of a race, as many as a default budget buys."""
FAULTS = 0.1
"""The share of wrong answers at which the server fails."""
ITERATIONS, RATINGS = 24, 4


def at_most(count: int, of: int) -> float:
    """The highest rate at which so few come about with probability 5 %."""
    return 1.0 if count == of else float(beta.ppf(0.95, count + 1, of - count))


def said(name: str, count: int, of: int, promised: str) -> None:
    """A line of the result."""
    print(f"{name}: {count} of {of}, at most {at_most(count, of):.3f} by the bound (promised: {promised})", flush=True)


def reply(body: Mapping[str, Any]) -> str:
    """An answer that depends on everything asked, as a model's would."""
    return content_hash(str(sorted(body.items(), key=lambda item: item[0])))


def null_runs(count: int) -> None:
    verdicts: Counter[str] = Counter()
    promoted = 0
    with ScriptedServer(reply) as server, tempfile.TemporaryDirectory() as scratch:
        for seed in range(count):
            config = RunConfig.parse(
                {
                    "environment": "null",
                    "seed": seed,
                    "models": {"task": {"url": server.base_url}},
                    "budget": {"iterations": 6},
                    "memory": {"embedder": "hash", "index": "numpy"},
                    "policies": {"stopping": {"name": "never"}},
                    "sealed": {"seed": seed},
                }
            )
            report = run(config, directory=Path(scratch) / str(seed))
            verdicts[report.verdict] += 1
            promoted += any(g.outcome == "accept" for r in report.iterations for g in r.gates)
    said("null runs that end as improved", verdicts["improved"], count, "none")
    print(f"  verdicts: {dict(verdicts)}")
    said("null runs with a promotion", promoted, count, f"at most {BettingGate().alpha:.0%}")


Scores = Callable[[], list[Pair]]
"""The pairs of the next challenger of a run."""


def no_op(rng: np.random.Generator) -> Scores:
    """Both pass each task independently half of the time."""
    return lambda: [Pair(float(old), float(new)) for old, new in rng.integers(0, 2, (CAP, 2))]


def with_faults(rng: np.random.Generator) -> Scores:
    """As `no_op`, but a wrong answer is not judged now and then."""

    def scores() -> list[Pair]:
        pairs = []
        for old, new in rng.integers(0, 2, (CAP, 2)):
            lost = [not right and rng.random() < FAULTS for right in (old, new)]
            pairs.append(Pair(1.0 if lost[0] else float(old), 0.0 if lost[1] else float(new), missing=any(lost)))
        return pairs

    return scores


def with_reuse(rng: np.random.Generator) -> Scores:
    """As `no_op`, but all challengers of a run meet the same answers of the champion."""
    champion = rng.integers(0, 2, CAP)
    return lambda: [Pair(float(old), float(new)) for old, new in zip(champion, rng.integers(0, 2, CAP), strict=True)]


def with_drift(rng: np.random.Generator) -> Scores:
    """Both pass with a probability that wanders."""

    def scores() -> list[Pair]:
        rate = np.clip(0.5 + np.cumsum(rng.normal(0, 0.03, CAP)), 0.05, 0.95)
        old, new = rng.random(CAP) < rate, rng.random(CAP) < rate
        return [Pair(float(one), float(other)) for one, other in zip(old, new, strict=True)]

    return scores


def challengers(name: str, scores: Callable[[np.random.Generator], Scores], count: int) -> None:
    """Runs of challengers that are no better."""
    gate, rng, fooled = BettingGate(cap=CAP), np.random.default_rng(0), 0
    for _ in range(count):
        pairs = scores(rng)
        fooled += any(gate.decide(pairs(), challenger=k).outcome == "accept" for k in range(1, CHALLENGERS_A_RUN + 1))
    said(f"runs of {CHALLENGERS_A_RUN} challengers with a promotion, {name}", fooled, count, f"{gate.alpha:.0%}")


def successions(count: int) -> None:
    """In one race eight equal programs; after every 20 pairs the one that did best so far is raced on."""
    gate, rng, fooled = BettingGate(cap=CAP), np.random.default_rng(1), 0
    for _ in range(count):
        passes = rng.integers(0, 2, (CAP, 8))
        champion, raced, pairs, since = rng.integers(0, 2, CAP), 0, list[Pair](), 0
        for place in range(CAP):
            pairs.append(Pair(float(champion[place]), float(passes[place, raced])))
            if place % 20 == 19:
                decision = gate.decide(pairs, challenger=1, since=since)
                if not decision.open:
                    break
                best = int(passes[: place + 1].sum(axis=0).argmax())
                raced, since = best, place + 1 if best != raced else since
        fooled += gate.decide(pairs, challenger=1, since=since).outcome == "accept"
    said("races with successors that promote", fooled, count, f"{gate.level(1):.1%}")


def chance_judges(count: int) -> None:
    """Ratings that say nothing."""
    rng, votes = np.random.default_rng(2), 0
    for _ in range(count):
        ratings = list(rng.integers(1, 6, ITERATIONS * RATINGS).astype(float))
        verdicts = list(rng.random(ITERATIONS * RATINGS) < 0.4)
        votes += any(has_vote(ratings[: n * RATINGS], verdicts[: n * RATINGS]) for n in range(1, ITERATIONS + 1))
    said("chance judges with a vote at some time", votes, count, "5%")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--simulated", type=int, default=1000, help="runs of each simulation")
    options = parser.parse_args()
    cases = {"no-op": no_op, "faults": with_faults, "reuse": with_reuse, "drift": with_drift}
    for name, scores in cases.items():
        challengers(name, scores, options.simulated)
    successions(options.simulated)
    chance_judges(options.simulated)
    null_runs(options.runs)


if __name__ == "__main__":
    main()
