from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State


async def recall(state: State, runtime: Runtime[Session]) -> State:
    """Give each task exemplars that are alike, spread out, and never of the same task.

    Attempts are made with the champion's prompt and the newest memory: whatever they bring is verified before it
    is learned, so there is no need to wait for the gate.
    """
    session = runtime.context
    scratch = session.scratch
    scratch.program = session.with_memory_of(scratch.number - 1)
    scratch.recalled = session.retriever.recall(scratch.program, scratch.tasks)
    return {"shown": sum(len(r.exemplars) for r in scratch.recalled)}
