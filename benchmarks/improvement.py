"""It improves: the embedded model on one environment after another, five seeds each, from a plain seed prompt.

Prints a line a run and what the project promises, on at least 4 of 5 seeds, sealed test included. Sealed exact match is
up by at least 0.40 and to at least 0.65 on `contacts`, up by at least 0.15 on `dates`, each within 600 s and 800 calls;
on `arithmetic` it goes from at most 0.05 to at least 0.80, with the four exemplars that people made and (`unaided`)
without. On `labels` and on the set `needle_haystack` of reasoning-gym (`pip install 'burnish[rg]'`) the verdict is
`improved`. Takes about ten minutes a run on two cores, `arithmetic` half an hour.

    python benchmarks/improvement.py [contacts|dates|labels|arithmetic|unaided|needle_haystack] [--seeds 0 1 2 3 4]
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

from burnish import RunConfig, run
from burnish.agent.record.report import Report

ROOT = Path(__file__).parent.parent
ENOUGH = 4


@dataclass(frozen=True)
class Promise:
    """What a run reaches: the verdict `improved`, from `before` at most, by `rise` and to `after` or higher."""

    example: str
    overrides: tuple[str, ...] = ()
    before: float = 1.0
    rise: float = 0.0
    after: float = 0.0
    seconds: float = math.inf
    calls: float = math.inf

    def kept(self, outcome: Outcome) -> bool:
        """Whether a run kept it."""
        rises = outcome.before <= self.before and outcome.after - outcome.before >= self.rise
        within = outcome.calls <= self.calls and outcome.seconds <= self.seconds
        return outcome.verdict == "improved" and rises and outcome.after >= self.after and within

    def __str__(self) -> str:
        said = ["improved"]
        said += [f"from {self.before} or less"] if self.before < 1 else []
        said += [f"by {self.rise} or more"] if self.rise else []
        said += [f"to {self.after} or more"] if self.after else []
        said += [f"within {self.seconds} s and {self.calls} calls"] if self.seconds < math.inf else []
        return ", ".join(said)


PROMISED = {
    "contacts": Promise("contacts", rise=0.40, after=0.65, seconds=600, calls=800),
    "dates": Promise("dates", rise=0.15, seconds=600, calls=800),
    "labels": Promise("labels"),
    "arithmetic": Promise("arithmetic", before=0.05, after=0.80),
    "unaided": Promise("arithmetic", ("memory.seeds=0",), before=0.05, after=0.80),
    "needle_haystack": Promise("needle_haystack"),
}


@dataclass(frozen=True)
class Outcome:
    """What one run reached."""

    seed: int
    before: float
    after: float
    verdict: str
    calls: int
    seconds: float


def measure(promise: Promise, seed: int, directory: Path) -> Outcome:
    config = RunConfig.load(ROOT / "examples" / f"{promise.example}.toml", [f"seed={seed}", *promise.overrides])
    report: Report = run(config, directory=directory)
    assert report.sealed is not None
    rates = {name: arm.passes / arm.tasks for name, arm in report.sealed.arms.items()}
    return Outcome(seed, rates["seed"], rates["champion"], report.verdict, report.total.calls, report.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(PROMISED), metavar="name")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--keep", type=Path, help="keep the runs in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.names:
            outcomes = []
            for seed in options.seeds:
                folder = options.keep or Path(scratch)
                outcome = measure(PROMISED[name], seed, folder / f"{name}-{seed}")
                outcomes.append(outcome)
                print(
                    f"{name} seed {seed}: sealed exact match {outcome.before:.3f} -> {outcome.after:.3f}, "
                    f"{outcome.verdict}, {outcome.calls} calls, {outcome.seconds:.0f} s",
                    flush=True,
                )
            promise = PROMISED[name]
            kept = sum(promise.kept(o) for o in outcomes)
            print(f"{name}: {kept} of {len(outcomes)} seeds kept it (promised: {ENOUGH} of 5; {promise})")
            print(json.dumps([o.__dict__ for o in outcomes]))


if __name__ == "__main__":
    main()
