"""It improves: the embedded model on one environment after another, five seeds each, from a plain seed prompt.

Every environment has the defaults. Prints a line a run and what the project aims at: sealed exact match of at least
0.85 on `contacts` and 0.60 on `dates`, improved on 5 of 5 seeds, with the 800 calls that a run has by default; from at
most 0.05 to at least 0.80 on `arithmetic`, with the four exemplars that people made and (`unaided`) without; 0.2 above
the baseline without a model on `unseen`, arithmetic about scenes that train never shows. On `labels` and on the set
`needle_haystack` of reasoning-gym (`pip install 'burnish[rg]'`) the verdict is `improved`. The baseline gives the
answer of the nearest verified exemplar, with its numbers exchanged for those of the task. About ten minutes a run on
two cores, `arithmetic` half an hour.

    python benchmarks/improvement.py [contacts|dates|labels|arithmetic|unaided|unseen|...] [--seeds 0 1 2 3 4]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from burnish import RunConfig, open_run, run
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load
from burnish.memory.embedding import MiniLMEmbedder
from burnish.records import SEALED
from burnish.types import Exemplar

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Promise:
    """What a run is to reach: the verdict `improved`, from `before` at most, to `after`, and `above` the baseline."""

    keys: Mapping[str, Any]
    before: float = 1.0
    after: float = 0.0
    above: float = -1.0
    enough: int = 4

    def kept(self, outcome: Outcome) -> bool:
        """Whether a run reached it."""
        high = outcome.after >= max(self.after, outcome.baseline + self.above)
        return outcome.verdict == "improved" and outcome.before <= self.before and high

    def __str__(self) -> str:
        said = ["improved"]
        said += [f"from {self.before} or less"] if self.before < 1 else []
        said += [f"to {self.after} or more"] if self.after else []
        said += [f"{self.above} or more above the baseline"] if self.above > 0 else []
        return ", ".join(said)


def example(name: str) -> Mapping[str, Any]:
    """What a file in `examples/` sets."""
    return tomllib.loads((ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8"))


ARITHMETIC = example("arithmetic")
PROMISED = {
    "contacts": Promise({"environment": "contacts"}, after=0.85, enough=5),
    "dates": Promise({"environment": "dates"}, after=0.60, enough=5),
    "labels": Promise(example("labels")),
    "arithmetic": Promise(ARITHMETIC, before=0.05, after=0.80),
    "unaided": Promise({**ARITHMETIC, "memory": {"seeds": 0}}, before=0.05, after=0.80),
    "unseen": Promise({**ARITHMETIC, "environment_options": {"unseen": True}}, above=0.2),
    "needle_haystack": Promise(example("needle_haystack")),
}


@dataclass(frozen=True)
class Outcome:
    """What one run reached."""

    seed: int
    before: float
    after: float
    baseline: float
    verdict: str
    calls: int
    seconds: float


def measure(promise: Promise, seed: int, directory: Path) -> Outcome:
    report = run(RunConfig.parse({**promise.keys, "seed": seed}), directory=directory)
    assert report.sealed is not None
    rates = {name: arm.passes / arm.tasks for name, arm in report.sealed.arms.items()}
    before, after = rates["seed"], rates.get("champion", rates["seed"])
    return Outcome(seed, before, after, baseline(directory), report.verdict, report.total.calls, report.seconds)


_NUMBER = re.compile(r"[0-9]+")


def baseline(directory: Path) -> float:
    """The share of sealed tasks that the nearest verified answer solves, without a model."""
    opened = open_run(directory)
    exemplars = opened.memory()
    if not exemplars:
        return 0.0
    guarded = GuardedEnvironment(load(opened.config.environment, dict(opened.config.environment_options)))
    with opened.journal() as journal:
        tasks = [journal.task(a.task_id) for _, a, _ in journal.judged("sealed seed", SEALED)]
    embedder = MiniLMEmbedder()
    likeness = (
        np.array(embedder.embed([t.prompt for t in tasks])) @ np.array(embedder.embed([e.prompt for e in exemplars])).T
    )
    nearest = [exemplars[i] for i in likeness.argmax(axis=1).tolist()]
    pairs = [(task, carried_over(e, task.prompt)) for task, e in zip(tasks, nearest, strict=True)]
    return sum(f.verified for f in asyncio.run(guarded.judge_all(pairs))) / len(tasks)


def carried_over(exemplar: Exemplar, prompt: str) -> str:
    """The exemplar's answer, each number of its task exchanged for the one at the same place of the other."""
    numbers = dict(zip(_NUMBER.findall(exemplar.prompt), _NUMBER.findall(prompt), strict=False))
    return re.sub(r"(?<![A-Za-z0-9])[0-9]+", lambda found: numbers.get(found[0], found[0]), exemplar.answer)


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
                    f"without a model {outcome.baseline:.3f}, {outcome.verdict}, {outcome.calls} calls, "
                    f"{outcome.seconds:.0f} s",
                    flush=True,
                )
            promise = PROMISED[name]
            kept = sum(promise.kept(o) for o in outcomes)
            print(f"{name}: {kept} of {len(outcomes)} seeds kept it (aim: {promise.enough} of 5; {promise})")
            print(json.dumps([o.__dict__ for o in outcomes]))


if __name__ == "__main__":
    main()
