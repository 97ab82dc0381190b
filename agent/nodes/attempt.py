"""Three ways to come by answers, of which a run has one: a model gives them, people write them, or a model cleans what
people wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from burnish.agent.models.calls import Place
from burnish.agent.models.sketches import outline_of
from burnish.agent.nodes.ask_people import cleaned, written
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Attempted, Shown
from burnish.agent.operators.rules import SECTION as RULES
from burnish.agent.operators.rules import as_rules
from burnish.agent.rollouts.answering import Search, Trial
from burnish.agent.rollouts.rollout import raise_if_unanswered, sampling_seed
from burnish.policies.cold_start import BESIDE, BY_TURNS, ColdStart, Rung
from burnish.policies.curriculum import Effort
from burnish.types import Attempt, Task

LATER_BY = 4
"""Searches of a rung by which an iteration begins later in their order than the one before."""


async def attempt(
    iteration: Iteration,
    policy: ColdStart,
    shown: Shown,
    *,
    tasks: Sequence[Task],
    efforts: Sequence[Effort],
    outputs: Sequence[Attempt],
) -> Attempted:
    """Have the model answer: several samples a task, concurrently, results in slot order. Episodes are played out.

    The first sample of a task is asked for as the program says; those of a search after it climb the ladder of a cold
    start, and after an iteration in vain all do. `outputs` are answers that tasks were written for; they come first.
    """
    seed = iteration.seed_for("sampling")
    places = [(place, slot) for place, effort in enumerate(efforts) for slot in range(effort.samples)]
    searched = [(place, slot) for place, slot in places if _searches(iteration, efforts[place], slot)]
    told = iteration.told() if searched else ()
    searches = dict(
        zip(searched, _searches_for(iteration, policy, told, [tasks[place] for place, _ in searched]), strict=True)
    )
    trials = [
        _trial(
            iteration,
            policy,
            Trial(
                shown.program,
                tasks[place],
                shown.recalled[place],
                Place("attempt", tasks[place].id, slot),
                top_p=iteration.config.sampling.top_p,
                seed=sampling_seed(seed, place=place, slot=slot),
                search=searches.get((place, slot)),
            ),
            told,
        )
        for place, slot in places
    ]
    programs = {trial.program.id: trial.program for trial in trials}
    attempts = await iteration.rollout().attempt_all(trials, partial=True)
    raise_if_unanswered(attempts)
    return Attempted((*outputs, *attempts), tuple(programs.values()))


def _searches(iteration: Iteration, effort: Effort, slot: int) -> bool:
    """Whether a sample is a search: those after the first are, and all where none is needed as the program says."""
    return effort.searching and (iteration.sketching or slot > 0 or _gives_up(iteration))


def _gives_up(iteration: Iteration) -> bool:
    """Whether answers as the program says were in vain, and nothing is to be tried beside them."""
    past = iteration.past
    return bool(past.in_vain) and not past.arms and past.race is None


def _searches_for(
    iteration: Iteration, policy: ColdStart, told: Sequence[str], tasks: Sequence[Task]
) -> list[Search | None]:
    """The searches of the samples of these tasks; None where one is asked for as the program says."""
    count = len(tasks)
    if iteration.sketching and count:
        known = Counter(outline_of(e.answer) for e in iteration.memory.alive())
        return [Search("sketch", known)] * count
    past, able = iteration.past, iteration.rungs(told, tasks)
    as_it_says: list[Rung] = [""] if _gives_up(iteration) else []
    rungs = policy.deal([*as_it_says, *able], past.cold or 0, count, past.rung_rewards)
    like = iteration.known_shapes()
    instruction = tuple(text for _, text in iteration.champion.prompt.sections)
    # few searches of a rung are made in an iteration: each iteration begins with other lengths and shapes
    made = Counter(dict.fromkeys(rungs, LATER_BY * (past.cold or 0)))
    searches: list[Search | None] = []
    for rung in rungs:
        turn, second = divmod(made[rung], 2)
        made[rung] += 1
        beside = rung in BESIDE or (rung in BY_TURNS and bool(second))
        searches.append(
            Search(rung, texts=(*instruction, *told), shapes=like, turn=turn, beside=beside) if rung else None
        )
    return searches


def _trial(iteration: Iteration, policy: ColdStart, trial: Trial, told: Sequence[str]) -> Trial:
    """A trial as its rung has it asked."""
    search, program = trial.search, trial.program
    if search is None:
        own = iteration.temperature_of(program, trial.task)
        return replace(trial, temperature=own if trial.place.slot == 0 else iteration.sampling_temperature)
    temperature = iteration.sampling_temperature
    match search.rung:
        case "hot":
            temperature = max(temperature, policy.temperature)
        case "rules":
            prompt = program.prompt.with_section(RULES, as_rules(told), "rules")
            program = replace(program, prompt=prompt)
        case "extract" | "json":
            program = replace(program, decoding=replace(program.decoding, format=search.rung))
    if search.beside:
        program = replace(program, decoding=replace(program.decoding, rendering="beside"))
    return replace(trial, program=program, temperature=temperature)


async def write(iteration: Iteration, shown: Shown, *, tasks: Sequence[Task]) -> Attempted:
    """Have people write the answers."""
    return Attempted(tuple(await written(iteration, tasks, shown.program)))


async def clean(iteration: Iteration, shown: Shown, *, tasks: Sequence[Task]) -> Attempted:
    """Have the model clean the answers that people wrote."""
    return Attempted(tuple(await cleaned(iteration, tasks, shown.program)))
