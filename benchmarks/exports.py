"""It keeps up: rows of a run sifted, freed of duplicates and written, without a model.

A run is made of tasks of `arithmetic`, each with a right and a wrong answer, half of them near-duplicates of another,
and exported with all filters on: terms, verdicts, the sealed test, likeness in words and in meaning (vectors by the
hash embedder). Prints seconds, rows a second and the most memory the process held (promised: 100,000 rows in
under 120 s and 2 GB on two cores).

    python benchmarks/exports.py [--rows 100000] [--format sft] [--to jsonl]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import tempfile
import time
from itertools import islice
from pathlib import Path

from burnish import RunConfig
from burnish.agent.api import open_run
from burnish.agent.directory import RunDirectory
from burnish.agent.exports.export import ExportOptions, export
from burnish.agent.opening import make_seed_program
from burnish.environments.registry import load
from burnish.memory.journal import Journal
from burnish.records import IterationRecord
from burnish.tables import validated
from burnish.types import Attempt, Feedback, Task

PROMISED_SECONDS, PROMISED_BYTES = 120, 2 << 30
MODEL = "SmolLM2-135M-Instruct.Q4_1"


def tasks_of(rows: int) -> list[Task]:
    """Half as many train tasks as rows, every second one a twin of the one before with one word changed."""
    environment = load("arithmetic", {})
    rng = random.Random(0)
    made: dict[str, Task] = {}
    drawn = iter(environment.tasks("train", 0))  # type: ignore[arg-type]
    while len(made) < rows // 2:
        task = next(drawn)
        words = task.prompt.split()
        words.insert(rng.randrange(len(words)), rng.choice(("really", "quickly", "once", "again", "then")))
        for one in (task, Task(task.environment, " ".join(words), task.data, task.cell)):
            if one.split == "train":
                made.setdefault(one.id, one)
    return list(islice(made.values(), rows // 2))


async def fill(journal: Journal, config: RunConfig, rows: int) -> None:
    program = make_seed_program(config, load("arithmetic", {}))
    tasks = tasks_of(rows)
    await journal.add_tasks(tasks)
    judged = []
    for number, task in enumerate(tasks):
        right = Attempt(task.id, 0, f"y1 = add({number}, 1)", program.id, MODEL)
        wrong = Attempt(task.id, 1, f"y1 = subtract({number}, 1)", program.id, MODEL)
        judged += [(right, Feedback(1.0, verified=True)), (wrong, Feedback(0.0, verified=False, text="wrong"))]
    await journal.add_judged(1, "attempt", judged)
    await journal.commit_iteration(IterationRecord(0, 0, program.id), programs=[program], born=[], died={})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", default="sft")
    parser.add_argument("--to", default="jsonl")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        config = RunConfig(environment="arithmetic", memory={"embedder": "hash", "index": "numpy"})  # type: ignore[arg-type]
        place = RunDirectory(Path(scratch) / "run")
        place.create(config)
        journal = Journal.open(place.journal)
        asyncio.run(fill(journal, config, options.rows))
        journal.close()
        given = validated(ExportOptions, {"format": options.format, "to": options.to}, "benchmark")
        began = time.perf_counter()
        done = export(open_run(place.path), Path(scratch) / "data", given)
        seconds = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for count in done.counts:
        print(f"{count.filter:28} {count.before:>9,} -> {count.after:>9,}")
    kept = seconds <= PROMISED_SECONDS and most <= PROMISED_BYTES
    print(
        f"{options.rows:,} rows as {options.format} in {seconds:.1f} s ({options.rows / seconds:,.0f} a second), "
        f"{most / (1 << 30):.2f} GiB at most; promised {PROMISED_SECONDS} s and 2 GiB: {'kept' if kept else 'NOT KEPT'}"
    )


if __name__ == "__main__":
    main()
