from __future__ import annotations

from burnish.agent.nodes.state import State
from burnish.agent.session import Session
from burnish.errors import PluginError
from burnish.policies.curriculum import Candidate
from langgraph.runtime import Runtime


async def draw(state: State, runtime: Runtime[Session]) -> State:
    """Choose train tasks near the frontier of what the champion can do."""
    session = runtime.context
    wanted = session.config.sampling.tasks
    pool = await session.environment.draw("train", session.seed_for("draw"), session.policies.curriculum.pool(wanted))
    if not pool:
        raise PluginError(
            f"environment {session.environment.name} poses no train tasks; a task's split is decided by the hash of "
            "its prompt, so pose some dozens of different ones"
        )
    chosen = session.policies.curriculum.choose(
        [Candidate(t.id, t.cell) for t in pool],
        wanted,
        tasks=session.task_tallies,
        cells=session.cell_tallies,
        rng=session.rng("curriculum"),
    )
    session.scratch.tasks = [pool[i] for i in chosen]
    await session.journal.add_tasks(session.scratch.tasks)
    return {"drawn": len(chosen)}
