"""What the gate's test finds, and what it takes: races of the first and the fifth challenger of a run, simulated.

A challenger gains 0.05, 0.1 or 0.3, or nothing. Scores are binary (0.5 for the champion) or continuous (uniform noise
about a mean of 0.5), and of two programs they agree (a quarter of binary pairs differ, as where tasks are easy or hard
for both) or are independent. For each setting of the gate it prints how often a challenger is promoted and the pairs
that a race takes; of a challenger that gains nothing promotions are false.

A run with the default budget has room for races of some `--cap` pairs: two fifths of 800 calls are kept for the sealed
test, and of the rest every other call is the champion's own attempt.

    python benchmarks/gate_power.py [--races 1000] [--cap 240]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from burnish.policies.acceptance import BettingGate, Pair

GAINS = (0.0, 0.05, 0.1, 0.3)
DIFFERING = 0.25
"""Of pairs of agreeing programs, where neither is better."""
NOISE = 0.2
"""Half the width of the noise of continuous scores, of which agreeing programs share three quarters."""


def binary(rng: np.random.Generator, gain: float, n: int, *, agreeing: bool) -> tuple[NDArray[np.float64], ...]:
    """Scores of champion and challenger."""
    old = rng.random(n) < 0.5
    if not agreeing:
        return old.astype(float), (rng.random(n) < 0.5 + gain).astype(float)
    differing = max(DIFFERING, gain)
    up, down = differing + gain, differing - gain  # of those the champion fails, and of those it passes
    return old.astype(float), np.where(old, rng.random(n) >= down, rng.random(n) < up).astype(float)


def continuous(rng: np.random.Generator, gain: float, n: int, *, agreeing: bool) -> tuple[NDArray[np.float64], ...]:
    """Scores of champion and challenger."""
    shared = rng.uniform(-NOISE, NOISE, n) * 0.75 if agreeing else np.zeros(n)
    own = NOISE * (0.25 if agreeing else 1.0)
    old, new = (mean + shared + rng.uniform(-own, own, n) for mean in (0.5, 0.5 + gain))
    return np.clip(old, 0, 1), np.clip(new, 0, 1)


def races(gate: BettingGate, gain: float, kind: str, *, agreeing: bool, k: int, count: int) -> tuple[float, float]:
    """The share of races that promote, and the mean pairs of a race."""
    rng = np.random.default_rng([int(100 * gain), kind == "binary", agreeing, k])
    promoted, pairs = 0, 0
    for _ in range(count):
        scores = (binary if kind == "binary" else continuous)(rng, gain, gate.cap, agreeing=agreeing)
        drawn = [Pair(float(old), float(new)) for old, new in zip(*scores, strict=True)]
        decision = gate.decide(drawn, challenger=k)
        promoted += decision.outcome == "accept"
        pairs += decision.n
    return promoted / count, pairs / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--races", type=int, default=1000)
    parser.add_argument("--cap", type=int, default=240)
    options = parser.parse_args()
    today = BettingGate(cap=options.cap)
    settings: Mapping[str, BettingGate] = {
        "as it is": today,
        "cap 60": replace(today, cap=60),
        "never given up": replace(today, imagined_wins=None),
        "given up sooner": replace(today, imagined_wins=4.0),
        "given up later": replace(today, imagined_wins=16.0),
        "futility 0.02": replace(today, futility=0.02),
    }
    for kind, agreeing, k in product(("binary", "continuous"), (True, False), (1, 5)):
        print(f"\n{kind}, {'agreeing' if agreeing else 'independent'}, challenger {k}: promoted (pairs)")
        print(f"{'':18}" + "".join(f"{f'gain {gain:g}' if gain else 'null':>16}" for gain in GAINS))
        for name, gate in settings.items():
            found = [races(gate, gain, kind, agreeing=agreeing, k=k, count=options.races) for gain in GAINS]
            print(f"{name:18}" + "".join(f"{f'{share:.3f} ({pairs:.0f})':>16}" for share, pairs in found), flush=True)


if __name__ == "__main__":
    main()
