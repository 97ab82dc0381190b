"""Having programs answer tasks, in one answer or turn by turn."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from burnish.agent.models.calls import Caller, Place, gather_in_order
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.answering import Answering, Pick, Recall, Trial
from burnish.agent.rollouts.evaluate import Judged, judge_all
from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.environments.episodes import as_answer
from burnish.environments.playing import Play
from burnish.errors import GO_ON, BudgetExhausted, ModelRejected, PluginError
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import TurnKey
from burnish.programs import Program
from burnish.records import Completion
from burnish.types import Attempt, Played, Task, Usage

TASKS_APART = 1009
"""What lies between the sampling seeds of one task and the next, and so more than the samples of a task; a prime."""
TURNS_APART = 7919
"""What lies between the seeds of an episode's turns; a prime that no other step of seeds has."""


def sampling_seed(seed: int, *, place: int, slot: int) -> int:
    """The seed of sample `slot` of the task at `place`, where all samples of an iteration are drawn from `seed`."""
    return (seed + TASKS_APART * place + slot) % 2**31


def turn_seed(seed: int | None, number: int) -> int | None:
    """The seed of turn `number` of an episode. What changed nothing is shown the same again: with the same seed it
    would be answered the same for ever.
    """
    return None if seed is None else (seed + TURNS_APART * number) % 2**31


WAITS = (1.0, 4.0)
"""Seconds after which what the server did not answer is asked again."""


@dataclass(frozen=True)
class Seen:
    """A turn of a task, as a model is asked about it."""

    id: str
    prompt: str


@dataclass(frozen=True)
class Rollout:
    """Has programs answer tasks of one environment within an iteration, and the environment judge what they say."""

    caller: Caller
    journal: Journal
    environment: GuardedEnvironment | LearningEnvironment
    recall: Recall
    iteration: int
    pick: Pick
    forms: AnswerForms

    @property
    def answering(self) -> Answering:
        """How each of them is answered."""
        return Answering(self.caller, self.environment, self.iteration, self.pick, self.forms)

    async def attempt_all(
        self, trials: Sequence[Trial], *, partial: bool = False, in_order: bool = False
    ) -> list[Attempt]:
        """An attempt for each trial, in their order.

        Trials that share a prompt prefix go through one lane, one after another, so that the server finds most of
        each prompt in its cache; `in_order` they are sent as they come. What the server does not answer is asked again
        after a while if that may help, and in the end is an attempt with a fault. With `partial` the attempts that the
        budget allowed, if there are any.
        """
        sent: dict[int, Attempt | ModelRejected] = {}
        attempt = self._played if self.environment.episodic else self._answered

        async def send(which: Mapping[int, Trial]) -> None:
            async def work() -> None:
                for lane in waiting:
                    for i in lane:
                        sent[i] = await attempt(which[i])

            concurrency, places = self.caller.concurrency("task"), list(which)
            prefixes = [i if in_order else self._prefix(i, which[i]) for i in places]
            found = [[places[i] for i in lane] for lane in lanes(prefixes, concurrency)]
            waiting = iter(sorted(found) if in_order else found)
            await gather_in_order(work() for _ in range(concurrency))

        try:
            await send(dict(enumerate(trials)))
        except BudgetExhausted:
            if not (partial and sent):
                raise
        for n, seconds in enumerate(WAITS, 1):
            faulty = [i for i, result in sent.items() if isinstance(result, ModelRejected) and result.passing]
            if not faulty:
                break
            await self.caller.pause(seconds)
            with suppress(BudgetExhausted):  # what was answered counts
                await send({i: trials[i].again(n) for i in sorted(faulty)})
        return [_kept(trials[i], sent[i]) for i in sorted(sent)]

    async def evaluate(
        self, node: str, programs: Sequence[Program], tasks: Sequence[Task], *, start: int = 0
    ) -> list[list[Judged]]:
        """For each program its judged attempts in task order, recorded for `node` from place `start` on."""
        trials = [
            Trial(program, task, recalled, Place(node, f"{task.id}/{program.id}"))
            for program in programs
            for task, recalled in zip(tasks, self.recall(program, tasks), strict=True)
        ]
        await self.journal.add_tasks(self.iteration, tasks)
        judged = await self.judged(node, trials, start=start)
        return [judged[i * len(tasks) : (i + 1) * len(tasks)] for i in range(len(programs))]

    async def judged(self, node: str, trials: Sequence[Trial], *, start: int = 0) -> list[Judged]:
        """The attempt of each trial with its verdict, recorded for `node` from place `start` on."""
        await self.journal.add_programs(self.iteration, (trial.program for trial in trials))
        attempts = await self.attempt_all(trials)
        feedbacks = await judge_all(self.environment, self.journal, [t.task for t in trials], attempts)
        judged = list(zip(attempts, feedbacks, strict=True))
        await self.journal.add_judged(self.iteration, node, judged, start=start)
        return judged

    def _prefix(self, number: int, trial: Trial) -> Hashable:
        """What trials of a lane have in common; an episode is a lane of its own."""
        return number if self.environment.episodic else (trial.program.id, trial.recalled.group)

    async def _answered(self, trial: Trial) -> Attempt | ModelRejected:
        try:
            return await self.answering.answered(trial)
        except ModelRejected as error:
            return error

    async def _played(self, trial: Trial) -> Attempt | ModelRejected:
        """An episode, turn by turn. An environment that fails ends it; the verdict will say so."""
        play = await self.environment.play(trial.task)
        if play is None:
            return _attempt(trial, [], [], [])
        turns: list[Played] = []
        shown: list[str] = []
        completions: list[Completion] = []
        try:
            while not play.over:
                await self._turn(trial, play, turns, shown, completions)
        except ModelRejected as error:
            if not turns:
                return error
        finally:
            await play.close()
        return _attempt(trial, turns, shown, completions)

    async def _turn(
        self, trial: Trial, play: Play, turns: list[Played], shown: list[str], completions: list[Completion]
    ) -> None:
        seen = Seen(trial.task.id, play.turn.observation)
        key = TurnKey(self.iteration, trial.place.node, trial.place.item, trial.place.slot, len(turns))
        self._same_as_before(key, seen)
        (recalled,) = (trial.recall or self.recall)(trial.program, [seen])
        place = Place(trial.place.node, f"{trial.place.item}@{len(turns)}", trial.place.slot)
        sampled = replace(trial, seed=turn_seed(trial.seed, len(turns)))
        completion = await self.answering.acted(sampled, seen, recalled.exemplars, turns, place)
        await play.step(completion.text.strip())
        turns.append(Played(seen.prompt, completion.text.strip(), play.turn.label, completion.call))
        shown += recalled.ids
        completions.append(completion)
        await self.journal.add_turn(key, turns[-1])

    def _same_as_before(self, key: TurnKey, seen: Seen) -> None:
        """An episode that is played again after a crash must show what it showed."""
        before = self.journal.turn(key)
        if before is not None and before.observation != seen.prompt:
            raise PluginError(
                f"environment {self.environment.name} does not play an episode of task {seen.id} again as it was: "
                f"turn {key.number} shows something else now; the same actions must lead to the same turns"
            )


def raise_if_unanswered(attempts: Sequence[Attempt]) -> None:
    """Raise ModelRejected where the server answered nothing at all: that is for people to mend."""
    if attempts and all(attempt.fault for attempt in attempts):
        raise ModelRejected(f"{attempts[0].fault}; all of {len(attempts)} requests went so: mend it, then {GO_ON}")


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


def _attempt(trial: Trial, turns: Sequence[Played], shown: Sequence[str], completions: Sequence[Completion]) -> Attempt:
    """The attempt that an episode makes."""
    return Attempt(
        task_id=trial.task.id,
        slot=trial.place.slot,
        answer=as_answer([turn.action for turn in turns]),
        program_id=trial.program.id,
        model=completions[-1].model if completions else "",
        exemplar_ids=tuple(dict.fromkeys(shown)),
        truncated=any(c.truncated for c in completions),
        usage=sum((c.usage for c in completions), Usage()),
        turns=tuple(turns),
    )


def _kept(trial: Trial, result: Attempt | ModelRejected) -> Attempt:
    if isinstance(result, Attempt):
        return result
    return Attempt(
        trial.task.id, trial.place.slot, "", trial.program.id, model="", usage=Usage(calls=1), fault=str(result)
    )
