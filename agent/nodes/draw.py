from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.loop.ask_people import written_by_hand
from burnish.agent.loop.preflight import none_posed
from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.errors import ConfigError
from burnish.policies.curriculum import Candidate, allot
from burnish.policies.involvement import cleaned_by_machine


async def draw(state: State, runtime: Runtime[Session]) -> State:
    """Choose train tasks near the frontier of what the champion can do."""
    session = runtime.context
    policy, sampling = session.policies.curriculum, session.config.sampling
    wanted, samples = policy.effort(sampling.tasks, sampling.samples, solved=session.past.solved)
    if cleaned_by_machine(session.config.level):
        pool = written_by_hand(session)
        if not pool:
            raise ConfigError(
                "level 2 has a machine clean what people wrote, and memory holds nothing of theirs; bring exemplars by "
                "the environment (`seeds`) or by `program`, or run at level 3"
            )
    else:
        pool = await session.environment.draw("train", session.seed_for("draw"), policy.pool(wanted))
    if not pool:
        raise none_posed(session.environment.name, "train")
    chosen = policy.choose(
        [Candidate(t.id, t.cell) for t in pool],
        wanted,
        tasks=session.past.tasks,
        cells=session.past.task_cells,
        known=session.memory.per_cell,
        rng=session.rng("curriculum"),
    )
    tasks = [pool[i] for i in chosen]
    session.scratch.efforts = allot(
        [t.cell for t in tasks],
        samples,
        search=sampling.sketches if session.sketching else samples if session.forming else 0,
        known=session.memory.per_cell,
        rng=session.rng("sketches"),
    )
    session.scratch.tasks = tasks
    await session.journal.add_tasks(session.scratch.tasks)
    return {"drawn": len(session.scratch.tasks)}
