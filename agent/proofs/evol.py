"""Evol-Instruct (Xu et al. 2023): evolved tasks are harder, generation by generation, and each has a checked answer."""

from __future__ import annotations

from burnish.agent.proofs.base import Stage, counted, measured, missing
from burnish.policies.statistics import wilson
from burnish.policies.trend import trend
from burnish.records import Proof
from burnish.types import Task

HARDER = "the frozen champion's pass rate falls generation by generation"
ANSWERED = "every kept task has an answer that the environment verifies"
TASKS, GENERATIONS = 24, 3


class EvolProver:
    """Has the champion answer tasks of each generation."""

    name = "evol"
    calls = TASKS * (1 + GENERATIONS)
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        generations = self._generations(stage)
        made = [task for tasks in generations[1:] for task in tasks]
        if not made:
            return [missing(self.name, HARDER, "no evolved task was made")]
        passes: list[list[bool]] = []
        for number, tasks in enumerate(generations):
            judged = await stage.evaluate(f"evol {number}", stage.champion, tasks)
            passes.append([f.verified for _, f in judged if f.status.judged])
        solved = [await stage.environment.solve(task) is not None for task in made]
        rates = ", ".join(f"{sum(row)} of {len(row)}" for row in passes)
        return [
            measured(
                self.name,
                HARDER,
                lambda level: trend([(sum(row), len(row)) for row in passes], level=level),
                f"passed by generation: {rates}",
                below=0.0,
            ),
            counted(
                self.name,
                ANSWERED,
                wilson(sum(solved), len(solved)),
                passed=all(solved),
                detail=f"{sum(solved)} of {len(solved)} tasks",
            ),
        ]

    def _generations(self, stage: Stage) -> list[list[Task]]:
        """Tasks of the environment, and those evolved from them that it can solve, by generation, drawn by chance."""
        known = sorted(stage.journal.tasks().values(), key=lambda task: task.id)
        known = [task for task in known if task.split == "train"]
        by_number = [[t for t in known if not t.origin]]
        by_number += [
            [t for t in known if t.origin == "evolved" and t.generation == number]
            for number in range(1, GENERATIONS + 1)
        ]
        rng = stage.rng("evol")
        drawn = [[tasks[i] for i in sorted(rng.permutation(len(tasks))[:TASKS].tolist())] for tasks in by_number]
        return [drawn[0], *(tasks for tasks in drawn[1:] if tasks)]
