from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Attempted, Checked
from burnish.agent.record.events import Barred, Event, Evolved
from burnish.agent.rollouts.evaluate import Judged, judge_all
from burnish.errors import GO_ON, PluginError
from burnish.policies.elimination import by_pass_rate
from burnish.policies.involvement import seen_by_people
from burnish.types import Status, Task


async def check(iteration: Iteration, attempted: Attempted, *, tasks: Sequence[Task]) -> Checked:
    """Have the environment judge every attempt. An environment that fails is a status, never a reward of 0."""
    by_id = {task.id: task for task in tasks}
    feedbacks = await judge_all(
        iteration.environment, iteration.journal, [by_id[a.task_id] for a in attempted.attempts], attempted.attempts
    )
    answered = [f for f in feedbacks if f.status is not Status.UNANSWERED]
    if answered and not any(f.status.judged for f in answered):
        raise PluginError(
            f"environment {iteration.environment.name} gave no verdict on any of {len(answered)} attempts "
            f"({answered[0].text}); mend it, then {GO_ON}"
        )
    judged = list(zip(attempted.attempts, feedbacks, strict=True))
    barred, events = _sifted(tasks, judged)
    barred |= await _right_by_chance(iteration, by_id, judged, barred)
    await iteration.journal.add_judged(iteration.number, "attempt", judged)
    return Checked(
        judged=tuple(judged),
        barred=barred,
        carried=_carried(iteration),
        events=(*events, *([Barred(barred)] if barred else [])),
    )


def _carried(iteration: Iteration) -> int:
    """The verified trials of the iteration before. People who judge what is learned have not seen them."""
    if seen_by_people(iteration.config.level):
        return 0
    return sum(f.verified for _, _, f in iteration.journal.judged("rewrite", iteration.before))


def _sifted(tasks: Sequence[Task], judged: Sequence[Judged]) -> tuple[dict[str, str], list[Event]]:
    """Attempts at evolved tasks that the program always or never solves, with the reason, and what became of each
    evolved task. A parent whose children are eliminated may be drawn again.
    """
    barred: dict[str, str] = {}
    events: list[Event] = []
    for task in tasks:
        verified = {a.id: f.verified for a, f in judged if a.task_id == task.id and f.status.judged}
        if task.origin != "evolved" or not verified:
            continue
        reason = by_pass_rate(sum(verified.values()), len(verified))
        if reason:
            barred |= dict.fromkeys(verified, f"task eliminated: {reason}")
        expander, _, operator = task.operator.partition(" ")
        events.append(Evolved(task.id, expander, operator, reason))
    return barred, events


async def _right_by_chance(
    iteration: Iteration, tasks: Mapping[str, Task], judged: Sequence[Judged], barred: Collection[str]
) -> dict[str, str]:
    """Verified plans that fail with other constants, and so were right by chance."""
    count = iteration.config.sampling.variants
    if not count:
        return {}
    verified = {a.id: a for a, f in judged if f.verified and a.id not in barred}
    seeds = [iteration.seed_for(f"variant {number}") for number in range(count)]
    holds = await asyncio.gather(
        *(iteration.environment.holds(tasks[a.task_id], a.answer, seeds) for a in verified.values())
    )
    chance = [id_ for id_, held in zip(verified, holds, strict=True) if held is False]
    return dict.fromkeys(chance, "right by chance: the plan fails with other constants")
