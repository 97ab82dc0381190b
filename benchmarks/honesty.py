"""It does not fool itself: nothing can be learned from `null`, and no-op challengers are hardly ever promoted.

Two measurements with scripted answers, no model: 20 whole runs on `null` (promised: "improved" at most once), and
1,000 no-op challengers through the gate in runs of 50 (promised: a promotion in at most 5 % of the runs, the
significance a whole run shares).

    python benchmarks/honesty.py [--runs 20] [--challengers 1000]
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from burnish import RunConfig, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.policies.acceptance import BettingGate, Pair
from burnish.types import content_hash

CHALLENGERS_A_RUN = 50


def reply(body: Mapping[str, Any]) -> str:
    """An answer that depends on everything asked, as a model's would."""
    return content_hash(str(sorted(body.items(), key=lambda item: item[0])))


def whole_runs(count: int) -> None:
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
                }
            )
            report = run(config, directory=Path(scratch) / str(seed))
            verdicts[report.verdict] += 1
            promoted += any(g.outcome == "accept" for r in report.iterations for g in r.gates)
    print(f"null, {count} seeds: {dict(verdicts)}; runs with a promotion: {promoted} (promised: improved at most once)")


def no_op_challengers(count: int) -> None:
    gate = BettingGate()
    runs, promotions, runs_with_one = count // CHALLENGERS_A_RUN, 0, 0
    rng = np.random.default_rng(0)
    for _ in range(runs):
        accepted = sum(_accepted(gate, k, rng) for k in range(1, CHALLENGERS_A_RUN + 1))
        promotions += accepted
        runs_with_one += accepted > 0
    print(
        f"{runs * CHALLENGERS_A_RUN} no-op challengers in runs of {CHALLENGERS_A_RUN}: {promotions} promoted, in "
        f"{runs_with_one} of {runs} runs (promised: at most {gate.alpha:.0%} of the runs)"
    )


def _accepted(gate: BettingGate, number: int, rng: np.random.Generator) -> bool:
    """Race a program against its equal: both pass each task independently half of the time."""
    pairs: list[Pair] = []
    decision = gate.decide(pairs, challenger=number)
    while size := gate.next_block(decision):
        pairs += [Pair(float(old), float(new)) for old, new in rng.integers(0, 2, (size, 2))]
        decision = gate.decide(pairs, challenger=number)
    return decision.outcome == "accept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--challengers", type=int, default=1000)
    options = parser.parse_args()
    no_op_challengers(options.challengers)
    whole_runs(options.runs)


if __name__ == "__main__":
    main()
