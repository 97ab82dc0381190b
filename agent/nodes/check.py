from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.evaluation import judge_all
from burnish.agent.nodes.expand import sift
from burnish.agent.nodes.state import State
from burnish.agent.session import Session
from burnish.errors import GO_ON, PluginError


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
    await session.journal.add_judged(scratch.number, "attempt", scratch.judged)
    return {"verified": sum(f.verified for f in feedbacks)}
