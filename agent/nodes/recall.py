from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Shown
from burnish.types import Task


async def recall(iteration: Iteration, tasks: Sequence[Task]) -> Shown:
    """Give each task exemplars that are alike, spread out, and never of the same task.

    Attempts are made with the champion's prompt and the newest memory: whatever they bring is verified before it
    is learned, so there is no need to wait for the gate.
    """
    program = iteration.with_memory_of(iteration.number - 1)
    return Shown(program, tuple(iteration.retriever.recall(program, tasks)))
