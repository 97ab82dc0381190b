from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.nodes.state import State
from burnish.agent.session import Session
from burnish.errors import PluginError
from burnish.policies.curriculum import Candidate
from burnish.types import Task


async def draw(state: State, runtime: Runtime[Session]) -> State:
    """Choose train tasks near the frontier of what the champion can do."""
    session = runtime.context
    policy, sampling = session.policies.curriculum, session.config.sampling
    wanted, samples = policy.effort(sampling.tasks, sampling.samples, solved=session.past.solved)
    pool = await session.environment.draw("train", session.seed_for("draw"), policy.pool(wanted))
    if not pool:
        raise PluginError(
            f"environment {session.environment.name} poses no train tasks; a task's split is decided by the hash of "
            "its prompt, so pose some dozens of different ones"
        )
    chosen = policy.choose(
        [Candidate(t.id, t.cell) for t in pool],
        wanted,
        tasks=session.past.tasks,
        cells=session.past.task_cells,
        rng=session.rng("curriculum"),
    )
    _allot(session, [pool[i] for i in chosen], samples)
    await session.journal.add_tasks(session.scratch.tasks)
    return {"drawn": len(session.scratch.tasks)}


def _allot(session: Session, tasks: list[Task], samples: int) -> None:
    """Decide how often each task is attempted, until as many attempts are given out as `samples` a task would be.

    Of the attempts at a cell of which memory holds n exemplars 1/(n + 1) are searches. A task that is searched is
    attempted under many sketches, which share one long prompt and so cost little more than one attempt.
    """
    scratch, sketches = session.scratch, session.config.sampling.sketches
    searching = sketches and session.champion.decoding.format == "plan"
    left = len(tasks) * samples
    for task, chance in zip(tasks, session.rng("sketches").random(len(tasks)), strict=True):
        if left <= 0:
            break
        if searching and chance < samples / (samples + sketches * session.memory.per_cell[task.cell]):
            scratch.searched.add(task.id)
        scratch.tasks.append(task)
        scratch.samples.append(min(left, sketches if task.id in scratch.searched else samples))
        left -= scratch.samples[-1]
