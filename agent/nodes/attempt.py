"""Three ways to come by answers, of which a run has one: a model gives them, people write them, or a model cleans what
people wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from burnish.agent.models.calls import Place
from burnish.agent.models.sketches import NOTHING, outline_of
from burnish.agent.nodes.ask_people import cleaned, written
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Attempted, Shown
from burnish.agent.rollouts.rollout import Search, Trial, sampling_seed
from burnish.policies.curriculum import Effort
from burnish.types import Attempt, Task


async def attempt(
    iteration: Iteration, shown: Shown, *, tasks: Sequence[Task], efforts: Sequence[Effort], outputs: Sequence[Attempt]
) -> Attempted:
    """Have the model answer: several samples a task, concurrently, results in slot order. Episodes are played out.

    `outputs` are answers that tasks were written for; they come first.
    """
    sampling, seed = iteration.config.sampling, iteration.seed_for("sampling")
    sketched = iteration.sketching and any(effort.searching for effort in efforts)
    search = Search(Counter(outline_of(e.answer) for e in iteration.memory.alive()) if sketched else NOTHING)
    trials = [
        Trial(
            shown.program,
            task,
            recalled,
            Place("attempt", task.id, slot),
            temperature=iteration.sampling_temperature,
            top_p=sampling.top_p,
            seed=sampling_seed(seed, place=place, slot=slot),
            search=search if effort.searching else None,
        )
        for place, (task, effort, recalled) in enumerate(zip(tasks, efforts, shown.recalled, strict=True))
        for slot in range(effort.samples)
    ]
    return Attempted((*outputs, *await iteration.rollout().attempt_all(trials)))


async def write(iteration: Iteration, shown: Shown, *, tasks: Sequence[Task]) -> Attempted:
    """Have people write the answers."""
    return Attempted(tuple(await written(iteration, tasks, shown.program)))


async def clean(iteration: Iteration, shown: Shown, *, tasks: Sequence[Task]) -> Attempted:
    """Have the model clean the answers that people wrote."""
    return Attempted(tuple(await cleaned(iteration, tasks, shown.program)))
