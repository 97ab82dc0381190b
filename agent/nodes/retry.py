from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.rendering import task_request
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.rollouts.retriever import Recalled
from burnish.errors import ModelRejected
from burnish.policies.involvement import written_by_people
from burnish.types import Attempt, Task

HINT = "Hint: a right answer ends with {}"

SLOT = 1_000_000
"""The slot of a hinted attempt, which is none of the task's samples."""


async def retry(state: State, runtime: Runtime[Session]) -> State:
    """Have failed tasks tried again with a hint (STaR; Zelikman et al. 2022).

    What comes of it is judged as an answer to the task without the hint, and is learned as one; an answer that speaks
    of the hint is none. Where people write the answers, no model tries.
    """
    session = runtime.context
    scratch = session.scratch
    config = session.config
    if not config.sampling.hints or written_by_people(config.level):
        return {"hinted": 0}
    solved = {a.task_id for a, f in scratch.judged if f.verified}
    failed = [i for i, task in enumerate(scratch.tasks) if task.id not in solved]
    chosen = sorted(session.rng("hints").permutation(failed)[: config.sampling.hints].tolist())
    made = await gather_in_order(_hinted(session, scratch.tasks[i], scratch.recalled[i]) for i in chosen)
    attempts = [attempt for attempt in made if attempt is not None]
    tasks = {task.id: task for task in scratch.tasks}
    feedbacks = await session.environment.judge_all([(tasks[a.task_id], a.answer) for a in attempts])
    judged: list[Judged] = list(zip(attempts, feedbacks, strict=True))
    await session.journal.add_judged(scratch.number, "attempt", judged, start=len(scratch.judged))
    scratch.judged += judged
    return {"hinted": len(judged)}


async def _hinted(session: Session, task: Task, recalled: Recalled) -> Attempt | None:
    program = session.scratch.program
    assert program is not None
    answer = await session.environment.solve(task)
    if not answer:
        return None
    ending = answer.strip().splitlines()[-1]
    hinted = replace(task, prompt=f"{task.prompt}\n\n{HINT.format(ending)}")
    request = task_request(program, recalled.exemplars, hinted)
    try:
        completion = await session.caller.ask("task", request, Place("retry", task.id))
    except ModelRejected:
        return None
    if "hint" in completion.text.casefold():
        return None
    return Attempt(
        task.id,
        SLOT,
        completion.text,
        program.id,
        completion.model,
        tuple(exemplar.id for exemplar in recalled.exemplars),
        truncated=completion.truncated,
        usage=completion.usage,
        origin="hinted",
    )
