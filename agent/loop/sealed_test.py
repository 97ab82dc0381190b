"""The sealed test: opened once, at the end, for the seed, the champion and two controls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from burnish.agent.loop.arms import Arm, arms_of, nearest_answers
from burnish.agent.loop.session import Session
from burnish.agent.loop.twins import with_twins
from burnish.agent.models.calls import Place
from burnish.agent.record.seeds import OPENED, sealed_seed
from burnish.agent.rollouts.answering import Trial
from burnish.agent.rollouts.evaluate import Judged, judge_all, none_posed
from burnish.agent.rollouts.rollout import Rollout, raise_if_unanswered
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import GO_ON, BudgetExhausted, PluginError
from burnish.policies.involvement import evaluated_by_people
from burnish.policies.statistics import compare, wilson
from burnish.policies.verdict import Passed, verdict
from burnish.programs import Program
from burnish.records import (
    CONTROLS,
    NEAREST,
    SEALED,
    ArmRecord,
    ControlRecord,
    IterationRecord,
    Question,
    SealedRecord,
    TwinRecord,
)
from burnish.types import Status, Task


async def open_sealed(
    session: Session,
    environment: GuardedEnvironment,
    *,
    seed_program: Program,
    secret: str,
    most_tasks: int,
    most_controls: int,
    collapsed: bool,
) -> SealedRecord:
    """Try the arms on the sealed tasks, which `secret` decides, and write down the verdict.

    Everything is journalled, so it may be resumed.
    """
    tasks = await environment.draw("test", sealed_seed(secret), most_tasks)
    programs = _affordable(await arms_of(session, environment, seed_program, tasks), most_controls)
    tasks, arms = await try_sealed(session, environment, programs, tasks)
    nearest = await nearest_answers(session, environment, tasks)
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
        promoted=any_promoted(session.past.records),
    )
    record = replace(record, twins=None if same else await _twins(session, environment, tasks, arms))
    session.journal.set_meta(**{OPENED: secret})
    session.journal.set_sealed(record)
    if evaluated_by_people(session.config.level):
        await session.journal.add_questions(_for_people(session, tasks, arms["champion"]))
    return record


def _affordable(arms: Mapping[str, Arm], most_controls: int) -> dict[str, Arm]:
    """The arms with the first so many of their controls."""
    kept = [name for name, arm in arms.items() if arm.control][:most_controls]
    return {name: arm for name, arm in arms.items() if not arm.control or name in kept}


async def _twins(
    session: Session, environment: GuardedEnvironment, tasks: Sequence[Task], arms: Mapping[str, list[Judged]]
) -> TwinRecord:
    raced = {a.task_id for _, a, _ in session.journal.judged("gate")}
    validation = [task for task in map(session.journal.task, sorted(raced)) if task.split == "validation"]
    twins = await with_twins(session, environment, [*tasks, *validation])
    return without_twins(arms, tuple(task.id for task in tasks if task.id in twins), validation, twins)


def without_twins(
    arms: Mapping[str, list[Judged]], sealed: tuple[str, ...], validation: Sequence[Task], twins: Collection[str]
) -> TwinRecord:
    """The sealed test again without the tasks that have a near-twin in memory; pure."""
    pairs = [
        (before.verified, after.verified)
        for (attempt, before), (_, after) in zip(arms["seed"], arms["champion"], strict=True)
        if attempt.task_id not in sealed and before.status.judged and after.status.judged
    ]
    seed, champion = [one for one, _ in pairs], [other for _, other in pairs]
    return TwinRecord(
        tasks=len(arms["seed"]),
        sealed=sealed,
        validation=len(validation),
        validation_twins=sum(task.id in twins for task in validation),
        left=len(pairs),
        seed=sum(seed),
        champion=sum(champion),
        p_value=compare(seed, champion).p_value if pairs else 1.0,
    )


def _for_people(session: Session, tasks: Sequence[Task], judged: Sequence[Judged]) -> list[Question]:
    """A sample of the champion's answers, so that people can say how far the environment's verdicts are theirs."""
    size = min(session.config.review.sample, len(tasks))
    drawn = np.random.default_rng([session.config.seed, 0x9E0B]).choice(len(tasks), size, replace=False)
    return [
        Question("evaluate", SEALED, tasks[i].id, tasks[i].prompt, judged[i][0].answer, tasks[i].cell)
        for i in sorted(drawn.tolist())
    ]


async def try_sealed(
    session: Session, environment: GuardedEnvironment, arms: Mapping[str, Arm], tasks: Sequence[Task]
) -> tuple[list[Task], dict[str, list[Judged]]]:
    """The sealed tasks, and what each arm answered to them, task by task in the same order.

    A few tasks at a time are answered by all arms, the first half of them by the controls too, in one random order of
    tasks and arms: a server that changes meanwhile changes for all alike, and where the budget ends within the test,
    what all of them have answered counts.
    """
    config = session.config
    if not tasks:
        raise none_posed(environment.name, "test")
    session.caller.begin(SEALED)
    each, controls = (
        config.decoding.best_of * session.environment.calls_per_attempt,
        sum(a.control for a in arms.values()),
    )
    halves = sum(_half(len(tasks[start : start + AT_A_TIME])) for start in range(0, len(tasks), AT_A_TIME))
    calls = each * (len(tasks) * (len(arms) - controls) + halves * controls)
    session.notify("sealed", {"tasks": len(tasks), "arms": list(arms), "calls": calls})
    answered: dict[str, list[Judged]] = {name: [] for name in arms}
    rng = np.random.default_rng([config.seed, 0x0A12])
    for start in range(0, len(tasks), AT_A_TIME):
        some = tasks[start : start + AT_A_TIME]
        judged = await _answered_as_afforded(session, environment, arms, some, rng, needed=not start)
        for name, judgements in judged.items():
            await session.journal.add_judged(SEALED, f"sealed {name}", judgements, start=start)
            answered[name] += judgements
        count = max(map(len, judged.values()))
        if count < len(some):
            return list(tasks[: start + count]), answered
    return list(tasks), answered


async def _answered_as_afforded(
    session: Session,
    environment: GuardedEnvironment,
    arms: Mapping[str, Arm],
    tasks: Sequence[Task],
    rng: np.random.Generator,
    *,
    needed: bool,
) -> dict[str, list[Judged]]:
    """What the arms answer to these tasks; to the first of them where the budget does not afford all.

    Raises:
        BudgetExhausted: it affords none, and one is `needed`.

    """
    for count in range(len(tasks), 0, -1):
        try:
            return await _answered(session, environment, arms, tasks[:count], rng)
        except BudgetExhausted:  # what was answered is in the journal and costs nothing again
            if count == 1 and needed:
                raise
    return {name: [] for name in arms}


def _half(count: int) -> int:
    """How many of so many tasks a control answers."""
    return (count + 1) // 2


AT_A_TIME = 12
"""Sealed tasks that all arms answer before the next ones."""


FIRST = 3
"""Of these, those that are answered by all before the others are begun."""


async def _answered(
    session: Session,
    environment: GuardedEnvironment,
    arms: Mapping[str, Arm],
    tasks: Sequence[Task],
    rng: np.random.Generator,
) -> dict[str, list[Judged]]:
    """What each arm answers to some tasks, in their order; asked in a random one, the first few tasks first, so that
    something can be said where the budget ends early.
    """
    chosen = {name: tasks[: _half(len(tasks))] if arm.control else tasks for name, arm in arms.items()}
    trials = {
        (name, task.id): Trial(
            arm.program, task, recalled, Place(f"sealed {name}", f"{task.id}/{arm.program.id}"), recall=arm.recall
        )
        for name, arm in arms.items()
        for task, recalled in zip(chosen[name], arm.recall(arm.program, chosen[name]), strict=True)
    }
    places = list(trials)
    shuffled = [places[i] for i in rng.permutation(len(places)).tolist()]
    first = {task.id for task in tasks[:FIRST]}
    drawn = sorted(shuffled, key=lambda place: place[1] not in first)
    recall, pick = session.retriever.recall, session.process_reward.pick
    rollout = Rollout(session.caller, session.journal, environment, recall, SEALED, pick, session.forms)
    attempts = await rollout.attempt_all([trials[place] for place in drawn], in_order=True)
    raise_if_unanswered(attempts)
    await session.journal.add_tasks(SEALED, tasks)
    await session.journal.add_programs(SEALED, (arm.program for arm in arms.values()))
    feedbacks = await judge_all(environment, session.journal, [trials[place].task for place in drawn], attempts)
    judged = dict(zip(drawn, zip(attempts, feedbacks, strict=True), strict=True))
    return {name: [judged[name, task.id] for task in chosen[name]] for name in arms}


def summarize(
    arms: Mapping[str, list[Judged]],
    *,
    same: bool,
    collapsed: bool,
    iterations: int,
    alpha: float,
    unraced: str = "",
    promoted: bool = True,
) -> SealedRecord:
    """The record of judged answers by arm; pure. Those of seed and champion are to the same tasks in the same order."""
    by_task: dict[str, dict[str, Passed]] = {
        name: {a.task_id: f.verified if f.status.judged else None for a, f in row} for name, row in arms.items()
    }
    passes = {name: list(by_task[name].values()) for name in ("seed", "champion")}
    if all(None in both for both in zip(passes["seed"], passes["champion"], strict=True)):
        said = next(f.text for row in arms.values() for _, f in row if not f.status.judged)
        raise PluginError(f"there is no sealed task on which both programs were judged ({said}); mend it, then {GO_ON}")
    result = verdict(
        passes["seed"],
        passes["champion"],
        controls={name: [by_task[name].get(task) for task in by_task["champion"]] for name in CONTROLS if name in arms},
        same_program=same,
        collapsed=collapsed,
        iterations=iterations,
        unraced=unraced,
        promoted=promoted,
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


def any_promoted(records: Sequence[IterationRecord]) -> bool:
    """Whether a race promoted anything."""
    return any(gate.outcome == "accept" for record in records for gate in record.gates)


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
