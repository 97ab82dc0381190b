from __future__ import annotations

from burnish.agent.nodes.ask_people import written_by_hand
from burnish.agent.nodes.iteration import Iteration, races_on_train
from burnish.agent.nodes.parts import Drawn
from burnish.agent.record.events import Noted
from burnish.agent.rollouts.answer_form import LEAST
from burnish.agent.rollouts.evaluate import none_posed
from burnish.errors import ConfigError
from burnish.policies.acceptance import BettingGate
from burnish.policies.cold_start import ColdStart
from burnish.policies.curriculum import Curriculum, PooledTask, UniformCurriculum, allot
from burnish.policies.involvement import cleaned_by_machine
from burnish.types import Task

WIDER = 4
"""The shortest tasks are chosen from so many times as many."""


async def draw(iteration: Iteration, curriculum: Curriculum, cold_start: ColdStart, acceptance: BettingGate) -> Drawn:
    """Choose train tasks near the frontier of what the champion can do; easy ones as long as it can do nothing, and all
    alike while something is raced: what is chosen would not show which program is better on all.
    """
    sampling, past = iteration.config.sampling, iteration.past
    wanted, samples = curriculum.effort(sampling.tasks, sampling.samples, solved=past.solved)
    wanted = iteration.scaled(wanted)
    easier = cold_start.poses_easier(past.in_vain)
    on_train = races_on_train(iteration.config, acceptance, iteration.environment)
    alike = on_train and not easier and _answers_as_raced(iteration)
    if alike:
        curriculum = UniformCurriculum()
    pool = await _pool(iteration, curriculum.pool(wanted), easier=easier)
    chosen = curriculum.choose(
        [PooledTask(t.id, t.cell) for t in pool],
        wanted,
        tasks=past.tasks,
        cells=past.task_cells,
        known=iteration.memory.per_cell,
        rng=iteration.rng("curriculum"),
    )
    tasks = tuple(pool[i] for i in chosen)
    efforts = allot(
        [t.cell for t in tasks],
        samples,
        search=_search(iteration, samples),
        known=iteration.memory.per_cell,
        rng=iteration.rng("sketches"),
    )
    await iteration.journal.add_tasks(iteration.number, tasks)
    hints = 0 if iteration.environment.episodic else max(sampling.hints, cold_start.hints_after(past.in_vain))
    events = (
        (Noted("easier tasks", f"the {len(tasks)} shortest of many, as nothing was ever verified"),) if easier else ()
    )
    evidence = frozenset(task.id for task in tasks if task.id not in past.seen) if alike else frozenset()
    return Drawn(tasks, tuple(efforts), hints, _again(iteration, wanted), evidence, events)


def _again(iteration: Iteration, tasks: int) -> int:
    """How many failed tasks are tried again, held to the form of answers: half of all, once any was solved."""
    config, environment = iteration.config, iteration.environment
    plain = iteration.champion.decoding.format in ("text", "form")
    known = environment.has_forms or iteration.memory.count(iteration.number) >= LEAST
    able = config.sampling.forms and known and config.models.task.takes_grammars and plain
    return tasks // 2 if able and iteration.past.in_vain is None and not environment.episodic else 0


def _answers_as_raced(iteration: Iteration) -> bool:
    """Whether something is raced, and programs answer train tasks as they would in a race."""
    race = iteration.past.race
    if race is None or iteration.past.raised_temperature or not iteration.config.sampling.own_first:
        return False
    return iteration.champion.decoding.best_of == race.program.decoding.best_of == 1


async def _pool(iteration: Iteration, count: int, *, easier: bool) -> list[Task]:
    """The tasks to choose from: `count` that were never tried; where there are fewer, also those that were tried in
    vain; and where every task is solved, all. Or those that people wrote answers to.
    """
    if cleaned_by_machine(iteration.config.level):
        written = written_by_hand(iteration)
        if not written:
            raise ConfigError(
                "level 2 has a machine clean what people wrote, and memory holds nothing of theirs; bring exemplars by "
                "the environment (`seeds`) or by `program`, or run at level 3"
            )
        return written
    seed, tried = iteration.seed_for("draw"), iteration.past.tasks
    if easier:
        many = await iteration.environment.draw("train", seed, WIDER * count, skip=tried.keys(), easiest=True)
        fresh = sorted(many, key=lambda task: len(task.prompt))[:count]
    else:
        fresh = await iteration.environment.draw("train", seed, count, skip=tried.keys())
    learned = iteration.memory.per_lesson
    failed = [id_ for id_, tally in tried.items() if not tally.solved and not learned.get(id_)]
    again = [iteration.journal.task(id_) for id_ in failed[: count - len(fresh)]]
    pool = [*fresh, *again] or await iteration.environment.draw("train", seed, count)
    if not pool:
        raise none_posed(iteration.environment.name, "train")
    return pool


def _search(iteration: Iteration, samples: int) -> int:
    """Attempts at a task that is searched; 0 where there is no way to search."""
    if iteration.sketching:
        return iteration.config.sampling.sketches
    return samples if iteration.past.cold is not None and iteration.rungs(()) else 0
