from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Shown
from burnish.policies.rewriting import YieldRewriting
from burnish.programs import Program
from burnish.types import Task


async def recall(iteration: Iteration, policy: YieldRewriting, tasks: Sequence[Task]) -> Shown:
    """Choose the program that makes the attempts, and give each task exemplars that are alike and never of the same
    task.

    It is the champion with the newest memory, or a proposal that is probably better: whatever comes of it is verified
    before it is learned, so there is no need to wait for the gate. While something is raced it is the champion, beside
    which the challenger answers the same tasks. Once newer exemplars did harm, the champion shows its own.
    """
    program = _program(iteration, policy)
    return Shown(program, tuple(iteration.retriever.recall(program, tasks)))


def _program(iteration: Iteration, policy: YieldRewriting) -> Program:
    if iteration.past.race is not None:
        return iteration.raced_champion
    arms = list(iteration.past.arms.values())
    leader = policy.leader([one.arm for one in arms], iteration.rng("leader"))
    before = iteration.number - 1
    if leader is not None:
        return arms[leader].program.at(before)
    return iteration.champion if iteration.past.harmed else iteration.with_memory_of(before)
