"""How long commands that look into a large run take: seconds of user time, and what of it is Python's start.

python benchmarks/inspecting.py [--exemplars 10000] [--iterations 500] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig
from burnish.environments.built_in.contacts import Contacts
from burnish.memory.journal import Journal
from burnish.programs import Program, Prompt
from burnish.records import ADMITTED, ApplicantRecord, DeathRecord, IterationRecord
from burnish.types import Attempt, Exemplar, Feedback

ATTEMPTS = 24
"""Attempts of an iteration."""
STAYING = 0.6
"""The share of exemplars that are not replaced some day."""


async def fill(directory: RunDirectory, exemplars: int, iterations: int) -> None:
    """A journal of so many iterations, in which so many exemplars were ever learned."""
    environment, journal = Contacts(), Journal.open(directory.journal)
    seed = Program(Prompt((("task", environment.instruction),)), revision=0)
    await journal.commit_iteration(IterationRecord(0, 0, seed.id), programs=[seed], born=[])
    each, tasks, older = exemplars // iterations, environment.tasks("train", 7), list[Exemplar]()
    for number in range(1, iterations + 1):
        posed = [next(tasks) for _ in range(max(each, ATTEMPTS))]
        answers = [environment.solve(task) for task in posed]
        await journal.add_tasks(number, posed)
        judged = [
            (Attempt(task.id, 0, answer, seed.id, "scripted"), Feedback(1.0, verified=True))
            for task, answer in zip(posed, answers, strict=True)
        ]
        await journal.add_judged(number, "attempt", judged[:ATTEMPTS])
        born = [
            Exemplar(task.id, task.prompt, answer, 1.0, task.cell, number, "scripted", attempt_id=attempt.id)
            for task, answer, (attempt, _) in zip(posed[:each], answers, judged, strict=False)
        ]
        gone, older = older[: int(each * (1 - STAYING))], [*older[int(each * (1 - STAYING)) :], *born]
        champion = Program(seed.prompt, revision=number)
        await journal.commit_iteration(
            IterationRecord(number, number, champion.id, attempts=ATTEMPTS, verified=ATTEMPTS, admitted=each),
            programs=[champion],
            born=born,
            deaths=[DeathRecord(e.id, "replaced", born[0].id, 0.99) for e in gone],
            applicants=[ApplicantRecord(a.id, ADMITTED, 1.0) for a, _ in judged[:ATTEMPTS]],
        )
    journal.set_meta(stopped="all iterations done", sealed_seed_sha256="")
    journal.close()


def user_seconds(command: Sequence[str]) -> float:
    """Seconds of user time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exemplars", type=int, default=10_000)
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = RunDirectory(Path(scratch) / "run")
        place.create(RunConfig.parse({"environment": "contacts"}))
        asyncio.run(fill(place, options.exemplars, options.iterations))
        run, last = str(place.path), str(options.iterations)
        burnish = (sys.executable, "-m", "burnish")
        for name, arguments in {
            "--help": ("--help",),
            "status": ("status", run),
            "memory": ("memory", run),
            "memory --at": ("memory", run, "--at", str(options.iterations // 2)),
            "diff, one iteration": ("diff", run, str(options.iterations - 1), last),
            "diff, the whole run": ("diff", run, "0", last),
            "report": ("report", run),
        }.items():
            took = [user_seconds((*burnish, *arguments)) for _ in range(options.rounds)]
            print(f"{name:20} {statistics.median(took):6.2f} s ({min(took):.2f} to {max(took):.2f})", flush=True)


if __name__ == "__main__":
    main()
