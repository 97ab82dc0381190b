"""How often a challenger that is better by 0.1 is promoted within 1,500 calls of learning, of 5,000 tasks.

Whole runs, with a scripted model and a scripted reflector that knows an instruction with which the model does better by
0.1: 0.5 becomes 0.6. Of a task's two answers a quarter differ (0.175 to 0.075), as they do where tasks are easy or
hard for both, or a half, as if no task were any easier than another. The reflector is the only operator, or one of
the default ones, whose other proposals change nothing.

    python benchmarks/power.py [--runs 50] [--calls 1500]
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from peers_reflector import AbleReflector

from burnish import RunConfig, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.agent.record.run import open_run
from burnish.types import Feedback, Split, Task

TASKS, SEALED = 5000, 20
GOOD = "Answer with care, and look twice."
RIGHT, WRONG = "yes", "no"


class Marks:
    """Five thousand tasks, none like another."""

    name, instruction = "marks", "Answer the question."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """Tasks by number; the splits share none."""
        offset = ("train", "validation", "test").index(split) * TASKS
        for number in random.Random(seed).sample(range(TASKS), TASKS):
            yield Task(environment=self.name, prompt=f"Is mark {offset + number} set?")

    def score(self, task: Task, answer: str) -> Feedback:
        """One word is right."""
        right = answer == RIGHT
        return Feedback(reward=float(right), verified=right, text="" if right else "the answer is not the right one")


class Scripted:
    """The model: right half of the time, with the good instruction better by 0.1; `differing` answers change."""

    def __init__(self, seed: int, differing: float) -> None:
        self._seed, self._gained, self._lost = seed, differing + 0.1, differing - 0.1

    def __call__(self, body: Mapping[str, Any]) -> str:
        """The answer to a task, the same each time."""
        asked = str(body["messages"][-1]["content"])
        rng = random.Random(f"{self._seed} {asked}")
        right = rng.random() < 0.5
        if GOOD in str(body["messages"][0]["content"]):
            right = rng.random() >= self._lost if right else rng.random() < self._gained
        return RIGHT if right else WRONG


def promoted_after(seed: int, differing: float, calls: int, operators: tuple[str, ...] | None) -> int | None:
    """The calls of learning after which the better program was champion; None where it never was."""
    model, reflector = Scripted(seed, differing), AbleReflector(GOOD, skill=0.5)
    with ScriptedServer(model) as task, ScriptedServer(reflector) as able, tempfile.TemporaryDirectory() as scratch:
        config = RunConfig.parse(
            {
                "seed": seed,
                "models": {"task": {"url": task.base_url}, "reflector": {"url": able.base_url}},
                "memory": {"embedder": "hash", "index": "numpy"},
                "budget": {"calls": calls + 3 * SEALED},
                "sealed": {"tasks": SEALED, "share": 1.0},
                "policies": {"stopping": {"name": "never"}},
                **({} if operators is None else {"operators": list(operators)}),
            }
        )
        report = run(config, directory=Path(scratch) / "run", environment=Marks())
        with open_run(Path(scratch) / "run").journal() as journal:
            for record in report.iterations:
                if GOOD in journal.program(record.champion_id).prompt.text("task"):
                    return report.calls[record.number]
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--calls", type=int, default=1500)
    options = parser.parse_args()
    for operators in (("reflection",), None):
        for differing in (0.25, 0.5):
            found = [promoted_after(seed, differing, options.calls, operators) for seed in range(options.runs)]
            after = sorted(calls for calls in found if calls is not None)
            middle = f", after {after[len(after) // 2]} calls (median)" if after else ""
            names = "alone" if operators else "among the default operators"
            print(
                f"{names}, {differing:.0%} of pairs differ: {len(after)} of {len(found)} promoted{middle}", flush=True
            )


if __name__ == "__main__":
    main()
