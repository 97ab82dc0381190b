"""It keeps up: rows curated, freed of duplicates and exported, without a model.

A run is made of tasks of `arithmetic`, each with a right and a wrong answer, half of them near-duplicates of another.
First the policy of admission decides on all of its rows at once, with room for all that is novel; then the run is
exported with every filter on: terms, verdicts, the sealed test, likeness in words and in meaning. Vectors are of the
hash embedder. Prints rows, seconds of the clock and of the processor, and the most memory the process held so far
(promised: 100,000 rows in under 120 s and 2 GiB on two cores).

    python benchmarks/exports.py [--rows 100000] [--format sft]... [--to jsonl]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from burnish import RunConfig
from burnish.agent.exports.export import export
from burnish.agent.exports.formats import FORMATS
from burnish.agent.exports.options import ExportOptions
from burnish.agent.loop.open_session import make_seed_program
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Run, open_run
from burnish.agent.record.seeds import commitment, draw_secret
from burnish.environments.registry import load
from burnish.memory.embedding import HashEmbedder
from burnish.memory.journal import Journal
from burnish.policies.admission import Applicant, NovelAdmission
from burnish.records import IterationRecord
from burnish.tables import validated
from burnish.types import Attempt, Feedback, Task

PROMISED_SECONDS, PROMISED_BYTES = 120, 2 << 30
MODEL = "SmolLM2-135M-Instruct.Q4_1"


def tasks_of(rows: int) -> list[Task]:
    """Half as many train tasks as rows, every second one a twin of the one before with one word more."""
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


async def fill(journal: Journal, config: RunConfig, tasks: list[Task]) -> None:
    program = make_seed_program(config, load("arithmetic", {}))
    await journal.add_tasks(1, tasks)
    judged = []
    for number, task in enumerate(tasks):
        right = Attempt(task.id, 0, f"y1 = add({number}, 1)", program.id, MODEL)
        wrong = Attempt(task.id, 1, f"y1 = subtract({number}, 1)", program.id, MODEL)
        judged += [(right, Feedback(1.0, verified=True)), (wrong, Feedback(0.0, verified=False, text="wrong"))]
    await journal.add_judged(1, "attempt", judged)
    await journal.commit_iteration(IterationRecord(0, 0, program.id), programs=[program], born=[])


def made_run(folder: Path, tasks: list[Task]) -> Run:
    memory = {"embedder": "hash", "index": "numpy"}
    config = RunConfig(environment="arithmetic", memory=memory)  # type: ignore[arg-type]
    place = RunDirectory(folder)
    place.create(config)
    journal = Journal.open(place.journal)
    journal.set_meta(sealed_seed_sha256=commitment(draw_secret(place, config)))
    asyncio.run(fill(journal, config, tasks))
    journal.close()
    return open_run(place.path)


def curated(tasks: list[Task]) -> int:
    """How many rows are admitted, of a right and a wrong one a task."""
    vectors = np.repeat(HashEmbedder().embed([task.prompt for task in tasks]), 2, axis=0)
    applicants = [
        Applicant(f"{task.id}{verified}", task.id, task.cell, verified, judged=True, merit=float(verified))
        for task in tasks
        for verified in (True, False)
    ]
    policy = NovelAdmission(per_cell=len(applicants))
    nobody = [None] * len(applicants)
    return len(policy.decide(applicants, vectors, residents=nobody, per_task={}, per_cell={}).admitted)


def timed(what: str, rows: int, act: Callable[[], str]) -> bool:
    """Do it and print what it came to; whether the promise was kept."""
    began, worked = time.perf_counter(), time.process_time()
    outcome = act()
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    kept = seconds <= PROMISED_SECONDS * rows / 100_000 and most <= PROMISED_BYTES
    print(
        f"{what:16} {rows:>9,} {outcome:>9} {seconds:>8.1f} {cpu:>8.1f} {rows / seconds:>9,.0f} {most / 2**30:>6.2f}  "
        f"{'kept' if kept else 'NOT KEPT'}",
        flush=True,
    )
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", action="append", choices=list(FORMATS))
    parser.add_argument("--to", default="jsonl")
    options = parser.parse_args()
    tasks = tasks_of(options.rows)
    print(f"{'':16} {'rows':>9} {'left':>9} {'seconds':>8} {'of CPU':>8} {'rows/s':>9} {'GiB':>6}  promise")
    with tempfile.TemporaryDirectory() as scratch:
        run = made_run(Path(scratch) / "run", tasks)
        kept = [timed("curation", options.rows, lambda: f"{curated(tasks):,}")]
        for form in options.format or ["sft", "dpo", "kto"]:
            given = validated(ExportOptions, {"format": form, "to": options.to}, "benchmark")
            (Path(scratch) / "run" / "embeddings.db").unlink(missing_ok=True)

            def act(given: ExportOptions = given) -> str:
                return f"{sum(export(run, Path(scratch) / given.format, given).splits.values()):,}"

            kept.append(timed(f"{form}, {options.to}", options.rows, act))
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
