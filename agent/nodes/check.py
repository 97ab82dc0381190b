from __future__ import annotations

import asyncio
from collections.abc import Mapping

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.expand import sift
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.evaluate import judge_all
from burnish.errors import GO_ON, PluginError
from burnish.types import Task


async def check(state: State, runtime: Runtime[Session]) -> State:
    """Have the environment judge every attempt. An environment that fails is a status, never a reward of 0."""
    session = runtime.context
    scratch = session.scratch
    by_id = {task.id: task for task in scratch.tasks}
    tasks = [by_id[a.task_id] for a in scratch.attempts]
    feedbacks = await judge_all(session.environment, session.journal, tasks, scratch.attempts)
    if not any(f.status.judged for f in feedbacks):
        raise PluginError(
            f"environment {session.environment.name} gave no verdict on any of {len(feedbacks)} attempts "
            f"({feedbacks[0].text}); mend it, then {GO_ON}"
        )
    scratch.judged = list(zip(scratch.attempts, feedbacks, strict=True))
    sift(session)
    await _bar_chance(session, by_id)
    if scratch.barred:
        scratch.events.append(("barred", {**scratch.barred}))
    await session.journal.add_judged(scratch.number, "attempt", scratch.judged)
    return {"verified": sum(f.verified for f in feedbacks)}


async def _bar_chance(session: Session, tasks: Mapping[str, Task]) -> None:
    """Keep plans from being learned that are right by chance: with other constants they no longer are."""
    scratch, count = session.scratch, session.config.sampling.variants
    if not count:
        return
    verified = {a.id: a for a, f in scratch.judged if f.verified and a.id not in scratch.barred}
    seeds = [session.seed_for(f"variant {number}") for number in range(count)]
    holds = await asyncio.gather(
        *(session.environment.holds(tasks[a.task_id], a.answer, seeds) for a in verified.values())
    )
    chance = [id_ for id_, held in zip(verified, holds, strict=True) if held is False]
    scratch.barred |= dict.fromkeys(chance, "right by chance: the plan fails with other constants")
