"""It improves: the embedded model on `contacts` and `dates`, five seeds each, from a plain seed prompt.

Prints a line a run and what the project promises: sealed exact match up by at least 0.40 and to at least 0.65 on
`contacts`, up by at least 0.15 on `dates`, on at least 4 of 5 seeds, within 600 s and 800 calls, sealed test included.
Takes about ten minutes a run on two cores.

    python benchmarks/improvement.py [contacts|dates] [--seeds 0 1 2 3 4] [--keep DIR]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from burnish import RunConfig, run
from burnish.agent.report import Report

ROOT = Path(__file__).parent.parent
PROMISED = {"contacts": (0.40, 0.65), "dates": (0.15, 0.0)}
ENOUGH = 4
SECONDS, CALLS = 600, 800


@dataclass(frozen=True)
class Outcome:
    """What one run reached."""

    seed: int
    before: float
    after: float
    verdict: str
    calls: int
    seconds: float

    def keeps(self, environment: str) -> bool:
        """Whether it keeps the promise."""
        rise, level = PROMISED[environment]
        within = self.calls <= CALLS and self.seconds <= SECONDS
        return self.after - self.before >= rise and self.after >= level and within


def measure(environment: str, seed: int, directory: Path) -> Outcome:
    config = RunConfig.load(ROOT / "examples" / f"{environment}.toml", [f"seed={seed}"])
    report: Report = run(config, directory=directory)
    assert report.sealed is not None
    rates = {name: arm.passes / arm.tasks for name, arm in report.sealed.arms.items()}
    return Outcome(seed, rates["seed"], rates["champion"], report.verdict, report.total.calls, report.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environments", nargs="*", default=list(PROMISED), metavar="environment")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--keep", type=Path, help="keep the runs in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for environment in options.environments:
            outcomes = []
            for seed in options.seeds:
                folder = options.keep or Path(scratch)
                outcome = measure(environment, seed, folder / f"{environment}-{seed}")
                outcomes.append(outcome)
                print(
                    f"{environment} seed {seed}: sealed exact match {outcome.before:.3f} -> {outcome.after:.3f}, "
                    f"{outcome.verdict}, {outcome.calls} calls, {outcome.seconds:.0f} s",
                    flush=True,
                )
            kept = sum(o.keeps(environment) for o in outcomes)
            rise, level = PROMISED[environment]
            print(
                f"{environment}: {kept} of {len(outcomes)} seeds rose by {rise} or more and to {level} or more within "
                f"{SECONDS} s and {CALLS} calls (promised: {ENOUGH} of 5)"
            )
            print(json.dumps([o.__dict__ for o in outcomes]))


if __name__ == "__main__":
    main()
