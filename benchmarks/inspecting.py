"""How long it takes to look into a large run: commands in seconds of user time, queries in milliseconds (promised:
under 50 ms each).

python benchmarks/inspecting.py [--exemplars 10000] [--iterations 500] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.agent.inspecting.calls import call_story
from burnish.agent.inspecting.diversity import diversity
from burnish.agent.inspecting.exemplars import exemplar_story
from burnish.agent.inspecting.lineage import lineage
from burnish.agent.inspecting.listing import remembered
from burnish.agent.inspecting.names import named
from burnish.agent.inspecting.overviews import cells
from burnish.agent.inspecting.programs import program_story
from burnish.agent.inspecting.races import race_story
from burnish.agent.inspecting.ratings import rating_story
from burnish.agent.inspecting.refused import refusals, refused_answers
from burnish.agent.inspecting.spent import spending
from burnish.agent.inspecting.stories import answer_story, iteration_story
from burnish.agent.inspecting.tasks import task_lines, task_story
from burnish.agent.inspecting.yields import operators
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import render
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.ratings import Rated, as_rows
from burnish.agent.record.run import Run, open_run
from burnish.config import RunConfig
from burnish.environments.built_in.contacts import Contacts
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import CallKey
from burnish.programs import Program, Prompt
from burnish.records import (
    ADMITTED,
    ApplicantRecord,
    Completion,
    DeathRecord,
    GateRecord,
    IterationRecord,
    ProposalRecord,
)
from burnish.types import Attempt, Exemplar, Feedback, Task, Usage

ATTEMPTS = 24
"""Attempts of an iteration."""
STAYING = 0.6
"""The share of exemplars that are not replaced some day."""
RACES, RATED = 10, 2
"""Iterations to a race, and ratings of an iteration."""


@dataclass
class Made:
    """A run that could have been: a journal of so many iterations, in which so many exemplars were ever learned."""

    directory: RunDirectory
    exemplars: int
    iterations: int

    async def fill(self) -> None:
        """Write the journal."""
        rng, environment, journal = random.Random(0), Contacts(), Journal.open(self.directory.journal)
        program = Program(Prompt((("task", environment.instruction),)), revision=0)
        await journal.commit_iteration(IterationRecord(0, 0, program.id), programs=[program], born=[])
        each, tasks, older = self.exemplars // self.iterations, environment.tasks("train", 7), list[Exemplar]()
        for number in range(1, self.iterations + 1):
            posed = [next(tasks) for _ in range(max(each, ATTEMPTS))]
            await journal.add_tasks(number, posed)
            judged = [await self._judged(journal, number, task, program, older, rng) for task in posed]
            await journal.add_judged(number, "attempt", judged[:ATTEMPTS])
            born = [self._exemplar(number, task, *one) for task, one in zip(posed[:each], judged, strict=False)]
            gone, older = older[: int(each * (1 - STAYING))], [*older[int(each * (1 - STAYING)) :], *born]
            prompt = Prompt((*program.prompt.sections, ("rules", f"Rule {number}.")), program.prompt.id, "rules")
            challenger = Program(prompt, number)
            gates = await self._race(journal, number, posed, program, challenger) if number % RACES == 0 else ()
            program = Program(program.prompt, revision=number)
            await journal.commit_iteration(
                IterationRecord(
                    number, number, program.id, attempts=ATTEMPTS, verified=ATTEMPTS, admitted=each, gates=gates,
                    proposals=(ProposalRecord("rules", f"rule {number}", challenger.id, None, sent=bool(gates)),),
                    diversity={"vendi": 9.0},
                ),
                programs=[program, challenger],
                born=born,
                deaths=[DeathRecord(e.id, "replaced", born[0].id, 0.99) for e in gone],
                applicants=[
                    ApplicantRecord(a.id, ADMITTED if f.verified else "not verified", 1.0) for a, f in judged[:ATTEMPTS]
                ],
                events=[("ratings", as_rows([Rated(rng.uniform(1, 5), f.verified, a.id) for a, f in judged[:RATED]]))],
            )  # fmt: skip
        journal.set_meta(stopped="all iterations done", sealed_seed_sha256="")
        journal.close()

    async def _judged(
        self,
        journal: Journal,
        number: int,
        task: Task,
        program: Program,
        older: list[Exemplar],
        rng: random.Random,
    ) -> tuple[Attempt, Feedback]:
        shown, right = rng.sample(older, min(4, len(older))), rng.random() < 0.7
        answer = str(Contacts().solve(task)) if right else "no"
        request = ChatRequest(render(program, shown, task), 96)
        key = CallKey(number, "attempt", "task", task.id, 0, request.digest("scripted"))
        await journal.add_intent(key, 0, tokens=400, usd=0.0, request=request.written("scripted"))
        await journal.add_completion(key, 0, Completion(answer, "scripted", Usage(1, 300, 20)))
        attempt = Attempt(task.id, 0, answer, program.id, "scripted", tuple(e.id for e in shown), call=str(key))
        return attempt, Feedback(float(right), verified=right, text="" if right else "no name")

    def _exemplar(self, number: int, task: Task, attempt: Attempt, _: Feedback) -> Exemplar:
        return Exemplar(
            task.id,
            task.prompt,
            attempt.answer,
            1.0,
            task.cell,
            number,
            "scripted",
            attempt_id=attempt.id,
            call=attempt.call,
        )

    async def _race(
        self, journal: Journal, number: int, posed: list[Task], champion: Program, challenger: Program
    ) -> tuple[GateRecord, ...]:
        sides = [
            (Attempt(task.id, 0, name, program.id, "scripted"), Feedback(float(right), verified=right))
            for name, program, right in (("old", champion, False), ("new", challenger, True))
            for task in posed
        ]
        await journal.add_judged(number, "gate", sides)
        n = len(posed)
        record = GateRecord(
            number // RACES,
            challenger.id,
            champion.id,
            "rules",
            "a rule",
            "undecided",
            n,
            0.0,
            1.0,
            9.0,
            30.0,
            0.05,
            0.0,
            1.0,
        )
        return (record,)


def queries(run: Run, rounds: int) -> Iterator[tuple[str, list[float]]]:
    """Each query of a run, and the milliseconds that it took."""
    with run.journal() as journal:
        known = journal.exemplars()
        early, late = known[len(known) // 50], known[len(known) // 2]
        program = journal.champion(journal.newest() or 0).id
        asked: dict[str, Callable[[], object]] = {
            "an early exemplar": lambda: exemplar_story(journal, early.id),
            "a later exemplar": lambda: exemplar_story(journal, late.id),
            "a call": lambda: call_story(journal, late.call, ""),
            "an answer": lambda: answer_story(journal, late.attempt_id),
            "a task": lambda: task_story(journal, late.task_id),
            "a program": lambda: program_story(journal, program),
            "a race": lambda: race_story(journal, 1),
            "an iteration": lambda: iteration_story(journal, late.born),
            "an id by its beginning": lambda: named(journal, late.id[:8]),
            "refusals": lambda: refusals(journal),
            "refused answers, the first 100": lambda: refused_answers(journal, "name", limit=100),
            "cells by iteration": lambda: cells(journal),
            "operators": lambda: operators(journal),
            "spending by node": lambda: spending(journal),
            "ratings": lambda: rating_story(journal),
            "diversity": lambda: diversity(journal),
            "lineage": lambda: lineage(journal),
            "tasks, the first 50": lambda: task_lines(journal, limit=50),
            "memory, the first 50": lambda: remembered(run, limit=50),
        }
        for name, ask in asked.items():
            took = []
            for _ in range(rounds):
                began = time.perf_counter()
                ask()
                took.append(1000 * (time.perf_counter() - began))
            yield name, took


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
        asyncio.run(Made(place, options.exemplars, options.iterations).fill())
        for name, took in queries(open_run(place.path), options.rounds):
            print(f"{name:30} {statistics.median(took):7.1f} ms ({min(took):.1f} to {max(took):.1f})", flush=True)
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
