from __future__ import annotations

from collections import Counter

from langgraph.runtime import Runtime

from burnish.agent.loop.ask_people import cleaned, written
from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Place
from burnish.agent.models.sketches import NOTHING, outline_of
from burnish.agent.nodes.state import State
from burnish.agent.rollouts.rollout import Attempter, Search, Trial
from burnish.policies.involvement import cleaned_by_machine, written_by_people
from burnish.types import Attempt


async def attempt(state: State, runtime: Runtime[Session]) -> State:
    """Have the model answer: several samples a task, concurrently, results in slot order. Episodes are played out.

    At the levels on which people write what is learned, they do, or the model cleans what they wrote.
    """
    session = runtime.context
    scratch, level = session.scratch, session.config.level
    if written_by_people(level):
        scratch.attempts = await written(session)
    elif cleaned_by_machine(level):
        scratch.attempts = await cleaned(session)
    else:
        scratch.attempts = await _generated(session)
    return {"attempts": len(scratch.attempts)}


async def _generated(session: Session) -> list[Attempt]:
    scratch, sampling = session.scratch, session.config.sampling
    assert scratch.program is not None
    seed = session.seed_for("sampling")
    sketching = session.sketching and any(effort.searching for effort in scratch.efforts)
    search = Search(Counter(outline_of(e.answer) for e in session.memory.alive()) if sketching else NOTHING)
    trials = [
        Trial(
            scratch.program,
            task,
            recalled,
            Place("attempt", task.id, slot),
            temperature=session.sampling_temperature,
            top_p=sampling.top_p,
            seed=(seed + 1009 * place + slot) % 2**31,
            search=search if effort.searching else None,
        )
        for place, (task, effort, recalled) in enumerate(
            zip(scratch.tasks, scratch.efforts, scratch.recalled, strict=True)
        )
        for slot in range(effort.samples)
    ]
    attempter = Attempter(
        session.caller,
        session.journal,
        session.environment,
        session.retriever.recall,
        scratch.number,
        session.supervisor.pick,
    )
    return [*scratch.outputs, *await attempter.attempt_all(trials)]
