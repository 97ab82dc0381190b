"""Compiling, side by side: the unchanged program, Burnish's operator `compile`, and DSPy's optimizers.

All get the same embedded model behind its loopback port, the same train and validation tasks, no right answers, and
about the same number of calls to learn with; all are judged on the same sealed tasks. The rise is over the unchanged
program in the row's own prompt format, with its 95 % interval. DSPy is no dependency: without it its rows are not run.
It needs `pip install dspy==3.4.1 optuna`. About ten minutes an environment on two free cores.

    python benchmarks/compiling.py [contacts|dates ...] [--calls 300] [--sealed 32] [--seed 0]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from burnish import RunConfig, open_run, run
from burnish.agent.exports.program import program_file
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load
from burnish.policies.statistics import compare
from burnish.protocols import Environment, Forms
from burnish.records import SEALED
from burnish.types import Feedback, Split, Task

MAX_TOKENS = {"contacts": 72, "dates": 32}
TRAIN, VALIDATION = 80, 32
ARMS = 3


@dataclass(frozen=True)
class Row:
    """What one way reached: pass or fail by sealed task, before and after, and the calls it learned with."""

    name: str
    before: Sequence[bool]
    after: Sequence[bool]
    calls: int
    seconds: float

    def __str__(self) -> str:
        change = compare(self.before, self.after).difference
        rates = [sum(passes) / len(passes) for passes in (self.before, self.after)]
        rise = f"{change.estimate:+.3f} [{change.lower:+.3f}, {change.upper:+.3f}]"
        return f"{self.name:42} {rates[0]:.3f} -> {rates[1]:.3f}  {rise}  {self.calls:4} calls {self.seconds:5.0f} s"


class Fixed:
    """An environment that poses these tasks and no others, and knows no right answers."""

    def __init__(self, inner: Environment, tasks: dict[Split, list[Task]]) -> None:
        self.name, self.instruction = inner.name, inner.instruction
        self.inner, self.posed = inner, tasks

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        yield from self.posed[split]

    def score(self, task: Task, answer: str) -> Feedback:
        feedback = self.inner.score(task, answer)
        assert isinstance(feedback, Feedback)
        return feedback


class Formed(Fixed):
    """One that knows what right answers look like, which helps Burnish to its first and is of no use to DSPy."""

    def form(self, task: Task) -> str:
        assert isinstance(self.inner, Forms)
        form = self.inner.form(task)
        assert isinstance(form, str)
        return form


def fixed(name: str, config: RunConfig) -> Fixed:
    """The environment, with the tasks that everybody gets."""
    guarded = GuardedEnvironment(load(name, {}))
    wanted: dict[Split, tuple[int, int]] = {
        "train": (config.seed, TRAIN),
        "validation": (config.seed, VALIDATION),
        "test": (config.seed, config.sealed.tasks),
    }
    inner = load(name, {})
    return (Formed if isinstance(inner, Forms) else Fixed)(
        inner, {split: asyncio.run(guarded.draw(split, *how)) for split, how in wanted.items()}
    )


def burnish(name: str, config: RunConfig, environment: Fixed, folder: Path) -> Row:
    """Learn, compile, race and open the sealed test; the program file is printed for its size and hash."""
    started = time.perf_counter()
    report = run(config, directory=folder, environment=environment)
    seconds = time.perf_counter() - started
    opened = open_run(folder)
    with opened.journal() as journal:
        arms = {
            arm: [f.verified for _, _, f in journal.judged(f"sealed {arm}", SEALED)] for arm in ("seed", "champion")
        }
        tested = sum(s.usage.calls for s in journal.spent_by() if s.iteration == SEALED)
    gates = [f"{g.description}: {g.outcome}" for r in report.iterations for g in r.gates]
    file = program_file(opened, environment=environment)
    print(f"  {name}: {len(file.exemplars)} exemplars, SHA-256 {file.content_hash[:12]}; raced: {'; '.join(gates)}")
    after = arms["champion"] or arms["seed"]
    return Row("burnish, operator compile", arms["seed"], after, report.total.calls - tested, seconds)


def settings(name: str, url: str, calls: int, sealed: int, seed: int) -> RunConfig:
    return RunConfig.parse(
        {
            "environment": name,
            "seed": seed,
            "operators": ["rules", "bank", "compile"],
            "models": {"task": {"url": url, "concurrency": 4, "grammars": True}},
            "decoding": {"format": "text", "max_tokens": MAX_TOKENS[name]},
            "sampling": {"tasks": 16},
            "compiling": {"candidates": 6},
            "sealed": {"tasks": sealed},
            "budget": {"calls": calls + ARMS * sealed},
            "policies": {"rewriting": {"growing": 0.25}, "acceptance": {"cap": VALIDATION}, "rating": {"most": 4}},
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(MAX_TOKENS), metavar="name")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--sealed", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with EmbeddedServer(model_file(None)) as server, tempfile.TemporaryDirectory() as scratch:
        for name in options.names:
            config = settings(name, server.base_url, options.calls, options.sealed, options.seed)
            environment = fixed(name, config)
            rows = [burnish(name, config, environment, Path(scratch) / name)]
            print(f"{name}: {rows[0]}", flush=True)
            if find_spec("dspy") is None:
                print(f"{name}: DSPy's rows were not run: pip install dspy==3.4.1 optuna")
                continue
            from peers_dspy import OPTIMIZERS, Side

            side: Any = Side(environment, server.base_url, MAX_TOKENS[name], options.seed, calls=options.calls)
            for optimizer in OPTIMIZERS:
                before, after, spent, seconds = side.run(optimizer)
                print(f"{name}: {Row(f'DSPy {optimizer}', before, after, spent.calls, seconds)}", flush=True)


if __name__ == "__main__":
    main()
