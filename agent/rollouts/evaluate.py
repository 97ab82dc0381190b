"""Having a program answer tasks and the environment judge it: the gate, the trials and the sealed test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from burnish.agent.models.calls import Caller, Place
from burnish.agent.rollouts.rollout import Attempter, Pick, Recall, Trial
from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.memory.journal import Journal
from burnish.programs import Program
from burnish.types import Attempt, Feedback, Task

Judged = tuple[Attempt, Feedback]


async def judge_all(
    environment: GuardedEnvironment | LearningEnvironment,
    journal: Journal,
    tasks: Sequence[Task],
    attempts: Sequence[Attempt],
) -> list[Feedback]:
    """The verdict on each attempt; one that the journal knows is not asked for again, a failure to judge is."""
    known = {i: f for i, f in journal.verdicts({a.id for a in attempts}).items() if f.status.judged}
    unknown = {a.id: (t, a.answer) for t, a in zip(tasks, attempts, strict=True) if a.id not in known}
    feedbacks = await environment.judge_all(list(unknown.values()))
    known |= dict(zip(unknown, feedbacks, strict=True))
    return [known[a.id] for a in attempts]


@dataclass(frozen=True)
class Evaluator:
    """Tries programs on tasks within one node of one iteration, and writes down what came of it."""

    caller: Caller
    journal: Journal
    environment: GuardedEnvironment | LearningEnvironment
    recall: Recall
    iteration: int
    node: str
    pick: Pick

    async def evaluate(
        self, programs: Sequence[Program], tasks: Sequence[Task], *, start: int = 0
    ) -> list[list[Judged]]:
        """For each program its judged attempts in task order, recorded from place `start` on."""
        trials = [
            Trial(program, task, recalled, Place(self.node, f"{task.id}/{program.id}"))
            for program in programs
            for task, recalled in zip(tasks, self.recall(program, tasks), strict=True)
        ]
        await self.journal.add_tasks(tasks)
        attempter = Attempter(self.caller, self.journal, self.environment, self.recall, self.iteration, self.pick)
        attempts = await attempter.attempt_all(trials)
        feedbacks = await judge_all(self.environment, self.journal, [t.task for t in trials], attempts)
        judged = list(zip(attempts, feedbacks, strict=True))
        await self.journal.add_judged(self.iteration, self.node, judged, start=start)
        return [judged[i * len(tasks) : (i + 1) * len(tasks)] for i in range(len(programs))]
