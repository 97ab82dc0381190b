"""Having a program answer tasks and the environment judge it: the gate, the trials and the sealed test."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from burnish.agent.models.calls import Caller, Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import task_request
from burnish.agent.retriever import Recalled
from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.errors import ModelRejected
from burnish.memory.journal import Journal
from burnish.types import Attempt, Feedback, Program, Task, Usage

Judged = tuple[Attempt, Feedback]
Recall = Callable[[Program, Sequence[Task]], list[Recalled]]


@dataclass(frozen=True)
class Trial:
    """A program to be tried on a task; `place` is where its call stands."""

    program: Program
    task: Task
    recalled: Recalled
    place: Place
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None

    def request(self) -> ChatRequest:
        """What the model is asked."""
        return task_request(
            self.program,
            self.recalled.exemplars,
            self.task,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
        )


async def attempt_all(caller: Caller, trials: Sequence[Trial]) -> list[Attempt]:
    """An attempt for each trial, in their order.

    Trials that share a prompt prefix go through one lane, one after another, so that the server finds most of each
    prompt in its cache. A request that the server rejects by itself (too long, say) is an empty attempt; if all are,
    the rejection is raised.
    """
    sent: dict[int, Attempt | ModelRejected] = {}

    async def work() -> None:
        for lane in waiting:
            for i in lane:
                sent[i] = await _attempt(caller, trials[i])

    concurrency = caller.concurrency("task")
    waiting = iter(lanes([(t.program.id, t.recalled.group) for t in trials], concurrency))
    await gather_in_order(work() for _ in range(concurrency))
    rejections = [r for r in sent.values() if isinstance(r, ModelRejected)]
    if rejections and len(rejections) == len(sent):
        raise rejections[0]
    return [_kept(trials[i], sent[i]) for i in range(len(trials))]


def lanes(prefixes: Sequence[Hashable], workers: int) -> list[list[int]]:
    """Indices of trials in lanes of one prefix each; the longest are halved until every worker has one."""
    by_prefix: dict[Hashable, list[int]] = {}
    for i, prefix in enumerate(prefixes):
        by_prefix.setdefault(prefix, []).append(i)
    made = list(by_prefix.values())
    while len(made) < workers and (longest := max(made, key=len, default=[])) and len(longest) > 1:
        made.remove(longest)
        half = (len(longest) + 1) // 2
        made += [longest[:half], longest[half:]]
    return sorted(made, key=lambda lane: (-len(lane), lane[0]))


async def _attempt(caller: Caller, trial: Trial) -> Attempt | ModelRejected:
    try:
        completion = await caller.ask("task", trial.request(), trial.place)
    except ModelRejected as error:
        return error
    return Attempt(
        task_id=trial.task.id,
        slot=trial.place.slot,
        answer=completion.text,
        program_id=trial.program.id,
        model=completion.model,
        exemplar_ids=tuple(e.id for e in trial.recalled.exemplars),
        truncated=completion.truncated,
        usage=completion.usage,
    )


def _kept(trial: Trial, result: Attempt | ModelRejected) -> Attempt:
    if isinstance(result, Attempt):
        return result
    return Attempt(
        trial.task.id, trial.place.slot, "", trial.program.id, model="", truncated=True, usage=Usage(calls=1)
    )


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
        attempts = await attempt_all(self.caller, trials)
        feedbacks = await judge_all(self.environment, self.journal, [t.task for t in trials], attempts)
        judged = list(zip(attempts, feedbacks, strict=True))
        await self.journal.add_judged(self.iteration, self.node, judged, start=start)
        return [judged[i * len(tasks) : (i + 1) * len(tasks)] for i in range(len(programs))]
