"""The sealed test: opened once, at the end, for the seed, the champion and two controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from burnish.agent.loop.iteration_zero import with_seeds
from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Place
from burnish.agent.models.rendering import Query
from burnish.agent.record.seeds import OPENED, sealed_seed
from burnish.agent.rollouts.evaluate import Judged, judge_all, none_posed
from burnish.agent.rollouts.retriever import Recalled
from burnish.agent.rollouts.rollout import Recall, Rollout, Trial, raise_if_unanswered
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import GO_ON, BudgetExhausted, PluginError
from burnish.policies.involvement import evaluated_by_people
from burnish.policies.statistics import wilson
from burnish.policies.verdict import Passed, verdict
from burnish.programs import Program
from burnish.records import CONTROLS, SEALED, ArmRecord, ControlRecord, IterationRecord, Question, SealedRecord
from burnish.types import Attempt, Status, Task


@dataclass(frozen=True)
class Arm:
    """A program on trial, and how it recalls exemplars."""

    program: Program
    recall: Recall


async def open_sealed(
    session: Session,
    environment: GuardedEnvironment,
    *,
    seed_program: Program,
    secret: str,
    most_tasks: int,
    collapsed: bool,
) -> SealedRecord:
    """Try the arms on the sealed tasks, which `secret` decides, and write down the verdict.

    Everything is journalled, so it may be resumed.
    """
    config, champion = session.config, session.champion
    recall = session.retriever.recall
    programs = {"seed": Arm(seed_program, recall)}
    if champion.id != seed_program.id:
        programs["champion"] = Arm(champion, recall)
        few_shot = with_seeds(seed_program)
        if session.memory.count(few_shot.revision) and few_shot.id != seed_program.id:
            programs["few-shot seed"] = Arm(few_shot, recall)
        shuffled = _shuffled(session, champion)
        if shuffled is not None:
            programs["shuffled memory"] = Arm(champion, shuffled)
        if champion.adapter != seed_program.adapter:
            programs["without adapter"] = Arm(replace(champion, adapter=seed_program.adapter), recall)
    tasks, arms = await try_sealed(session, environment, programs, seed=sealed_seed(secret), most=most_tasks)
    nearest = await _nearest_answers(session, environment, tasks)
    if nearest:
        await session.journal.add_judged(SEALED, f"sealed {NEAREST}", nearest)
        arms[NEAREST] = nearest
    same = "champion" not in arms
    arms.setdefault("champion", arms["seed"])
    record = summarize(
        arms,
        same=same,
        collapsed=collapsed,
        iterations=session.past.records[-1].number,
        alpha=session.config.sealed.alpha,
        unraced=why_unraced(session.past.records),
    )
    session.journal.set_meta(**{OPENED: secret})
    session.journal.set_sealed(record)
    if evaluated_by_people(config.level):
        await session.journal.add_questions(_for_people(session, tasks, arms["champion"]))
    return record


NEAREST = "nearest answer"


async def _nearest_answers(session: Session, environment: GuardedEnvironment, tasks: Sequence[Task]) -> list[Judged]:
    """What the champion's exemplar most alike says to each task, given out with no model; nothing where it shows none.

    Where test tasks are like train tasks, that may be as good as any learning.
    """
    champion = session.champion
    if environment.episodic or not session.memory.count(champion.revision):
        return []
    copying = replace(champion, retrieval=replace(champion.retrieval, policy="nearest", k=1, relevance=1.0))
    recalled = session.retriever.recall(copying, tasks)
    attempts = [
        Attempt(task.id, 0, one.exemplars[0].answer, program_id="", model="", exemplar_ids=(one.exemplars[0].id,))
        for task, one in zip(tasks, recalled, strict=True)
        if one.exemplars
    ]
    if len(attempts) < len(tasks):
        return []
    feedbacks = await judge_all(environment, session.journal, tasks, attempts)
    return list(zip(attempts, feedbacks, strict=True))


def _for_people(session: Session, tasks: Sequence[Task], judged: Sequence[Judged]) -> list[Question]:
    """A sample of the champion's answers, so that people can say how far the environment's verdicts are theirs."""
    size = min(session.config.review.sample, len(tasks))
    drawn = np.random.default_rng([session.config.seed, 0x9E0B]).choice(len(tasks), size, replace=False)
    return [
        Question("evaluate", SEALED, tasks[i].id, tasks[i].prompt, judged[i][0].answer, tasks[i].cell)
        for i in sorted(drawn.tolist())
    ]


async def try_sealed(
    session: Session, environment: GuardedEnvironment, arms: Mapping[str, Arm], *, seed: int, most: int
) -> tuple[list[Task], dict[str, list[Judged]]]:
    """The sealed tasks, and what each arm answered to them, task by task in the same order.

    A few tasks at a time are answered by all arms, in one random order of tasks and arms: a server that changes
    meanwhile changes for all alike, and where the budget ends within the test, what all of them have answered counts.
    """
    config = session.config
    tasks = await environment.draw("test", seed, most)
    if not tasks:
        raise none_posed(environment.name, "test")
    session.caller.begin(SEALED)
    each = config.decoding.best_of * session.environment.calls_per_attempt
    facts = {"tasks": len(tasks), "arms": list(arms), "calls": each * len(tasks) * len(arms)}
    session.notify("sealed", facts)
    answered: dict[str, list[Judged]] = {name: [] for name in arms}
    rng = np.random.default_rng([config.seed, 0x0A12])
    for start in range(0, len(tasks), AT_A_TIME):
        try:
            some = await _answered(session, environment, arms, tasks[start : start + AT_A_TIME], rng)
        except BudgetExhausted:
            if not start:
                raise
            return tasks[:start], answered
        for name, judged in some.items():
            await session.journal.add_judged(SEALED, f"sealed {name}", judged, start=start)
            answered[name] += judged
    return tasks, answered


AT_A_TIME = 12
"""Sealed tasks that all arms answer before the next ones."""


async def _answered(
    session: Session,
    environment: GuardedEnvironment,
    arms: Mapping[str, Arm],
    tasks: Sequence[Task],
    rng: np.random.Generator,
) -> dict[str, list[Judged]]:
    """What each arm answers to some tasks, in their order; asked in a random one."""
    trials = {
        (name, task.id): Trial(
            arm.program, task, recalled, Place(f"sealed {name}", f"{task.id}/{arm.program.id}"), recall=arm.recall
        )
        for name, arm in arms.items()
        for task, recalled in zip(tasks, arm.recall(arm.program, tasks), strict=True)
    }
    places = list(trials)
    drawn = [places[i] for i in rng.permutation(len(places)).tolist()]
    recall, pick = session.retriever.recall, session.process_reward.pick
    rollout = Rollout(session.caller, session.journal, environment, recall, SEALED, pick, session.forms)
    await session.journal.add_tasks(SEALED, tasks)
    await session.journal.add_programs(SEALED, (arm.program for arm in arms.values()))
    attempts = await rollout.attempt_all([trials[place] for place in drawn], in_order=True)
    raise_if_unanswered(attempts)
    feedbacks = await judge_all(environment, session.journal, [trials[place].task for place in drawn], attempts)
    judged = dict(zip(drawn, zip(attempts, feedbacks, strict=True), strict=True))
    return {name: [judged[name, task.id] for task in tasks] for name in arms}


def _shuffled(session: Session, champion: Program) -> Recall | None:
    """Recalls the same exemplars, each with the answer of another: a placebo as long as the real thing."""
    exemplars = session.memory.at(champion.revision)
    if champion.retrieval.k == 0 or len(exemplars) < 2:
        return None
    # a cycle through a random order gives every exemplar another one's answer
    order = np.random.default_rng([session.config.seed, 0x51F7]).permutation(len(exemplars)).tolist()
    answers = {exemplars[a].id: exemplars[b].answer for a, b in zip(order, order[1:] + order[:1], strict=True)}

    def recall(program: Program, queries: Sequence[Query]) -> list[Recalled]:
        return [
            replace(r, exemplars=tuple(replace(e, answer=answers[e.id]) for e in r.exemplars), originals=r.ids)
            for r in session.retriever.recall(program, queries)
        ]

    return recall


def summarize(
    arms: Mapping[str, list[Judged]], *, same: bool, collapsed: bool, iterations: int, alpha: float, unraced: str = ""
) -> SealedRecord:
    """The record of judged answers by arm, task by task in the same order; pure."""
    passes: dict[str, list[Passed]] = {
        name: [f.verified if f.status.judged else None for _, f in row] for name, row in arms.items()
    }
    if all(None in both for both in zip(passes["seed"], passes["champion"], strict=True)):
        said = next(f.text for row in arms.values() for _, f in row if not f.status.judged)
        raise PluginError(f"there is no sealed task on which both programs were judged ({said}); mend it, then {GO_ON}")
    result = verdict(
        passes["seed"],
        passes["champion"],
        controls={name: passes[name] for name in CONTROLS if name in passes},
        same_program=same,
        collapsed=collapsed,
        iterations=iterations,
        unraced=unraced,
        alpha=alpha,
    )
    comparison = result.comparison
    return SealedRecord(
        verdict=result.verdict,
        reason=result.reason,
        arms={name: _summary(row) for name, row in arms.items()},
        difference=comparison.difference.estimate,
        lower=comparison.difference.lower,
        upper=comparison.difference.upper,
        p_value=comparison.p_value,
        controls={
            name: ControlRecord(control.difference.estimate, control.p_value)
            for name, control in result.controls.items()
        },
    )


def _summary(row: list[Judged]) -> ArmRecord:
    feedbacks = [f for _, f in row if f.status.judged]
    unanswered = sum(f.status is Status.UNANSWERED for _, f in row)
    passes = sum(f.verified for f in feedbacks)
    interval = wilson(passes, len(feedbacks))
    return ArmRecord(
        program_id=row[0][0].program_id,
        passes=passes,
        tasks=len(feedbacks),
        reward=sum(f.reward for f in feedbacks) / max(1, len(feedbacks)),
        lower=interval.lower,
        upper=interval.upper,
        unanswered=unanswered,
        unjudged=len(row) - len(feedbacks) - unanswered,
    )


def why_unraced(records: Sequence[IterationRecord]) -> str:
    """Why none of some iterations raced anything; empty where one did."""
    if any(record.gates for record in records):
        return ""
    proposed = [one for record in records for one in record.proposals]
    if not any(record.verified for record in records):
        return "no answer was ever verified"
    if not proposed:
        return "nothing was proposed"
    if all(one.useless for one in proposed):
        return f"none of {len(proposed)} proposals did better on tasks that had failed"
    return f"none of {len(proposed)} proposals looked better on train tasks, as far as the budget went"
