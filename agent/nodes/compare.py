from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from burnish.agent.models.calls import Place
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Checked, Compared, Shown
from burnish.agent.rollouts.answering import Trial
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.rollouts.rollout import sampling_seed
from burnish.policies.acceptance import Pair
from burnish.policies.rewriting import YieldRewriting
from burnish.policies.watching import HarmWatch
from burnish.programs import Program
from burnish.records import ComparisonKind, ComparisonRecord
from burnish.types import Feedback, Task

NODE = "compare"


@dataclass(frozen=True)
class _Other:
    """A program to put beside the one that made the attempts, on `count` of some tasks."""

    kind: ComparisonKind
    program: Program
    among: Sequence[Task]
    count: int


async def compare(
    iteration: Iteration,
    policy: YieldRewriting,
    watch: HarmWatch,
    shown: Shown,
    checked: Checked,
    *,
    tasks: Sequence[Task],
    evidence: Collection[str],
) -> Compared:
    """Have other programs answer some of the tasks in hand: what is raced or else a proposal, and the champion with an
    earlier memory.

    Both sides answer as they would in a race. So every pair is evidence, and what is verified may be learned.
    `evidence` are the ids of the tasks that count in a race.
    """
    own = {a.task_id: f for a, f in reversed(checked.judged) if a.slot == 0 and not a.rung}
    usable = [task for task in tasks if task.id in own]
    rng = iteration.rng(NODE)
    judged, records, programs = list[Judged](), list[ComparisonRecord](), list[Program]()
    pairs_of_race: tuple[Pair, ...] | None = None
    raced: tuple[Program, Mapping[str, Feedback]] | None = None
    for other in _others(iteration, policy, watch, shown.program, usable, evidence):
        drawn = sorted(rng.permutation(len(other.among))[: other.count].tolist())
        answers = await _answered(iteration, other.program, [other.among[i] for i in drawn], start=len(judged))
        judged += answers
        programs.append(other.program)
        theirs = {a.task_id: f for a, f in answers}
        pairs = _pairs(own, theirs)
        records.append(_record(other.kind, other.program, shown.program, pairs))
        if other.kind == "race":
            pairs_of_race, raced = pairs, (other.program, theirs)
        elif other.kind == "proposal" and raced:
            records.append(_record("successor", other.program, raced[0], _pairs(raced[1], theirs)))
    back_to = _harmed_since(iteration, watch, programs, records)
    return Compared(tuple(judged), tuple(records), tuple(programs), back_to, pairs_of_race)


async def _answered(iteration: Iteration, program: Program, tasks: Sequence[Task], *, start: int) -> list[Judged]:
    """What a program answers to tasks, as it would in a race; recorded from place `start` on."""
    trials = [
        Trial(
            program,
            task,
            exemplars,
            Place(NODE, f"{task.id}/{program.id}"),
            temperature=iteration.temperature_of(program, task),
            top_p=iteration.config.sampling.top_p,
            seed=sampling_seed(iteration.seed_for(NODE), place=place, slot=0),
        )
        for place, (task, exemplars) in enumerate(
            zip(tasks, iteration.retriever.recall(program, tasks), strict=True), start
        )
    ]
    return await iteration.rollout().judged(NODE, trials, start=start)


def _pairs(old: Mapping[str, Feedback], new: Mapping[str, Feedback]) -> tuple[Pair, ...]:
    """Of the tasks that both answered."""
    return tuple(Pair.of(old[id_], feedback) for id_, feedback in new.items() if id_ in old)


def _record(kind: ComparisonKind, program: Program, beside: Program, pairs: Sequence[Pair]) -> ComparisonRecord:
    return ComparisonRecord(kind, program.id, beside.id, tuple(pair.difference for pair in pairs))


def _harmed_since(
    iteration: Iteration, watch: HarmWatch, programs: Sequence[Program], records: Sequence[ComparisonRecord]
) -> int | None:
    """The revision to return to, once what was learned after it is proven to do harm."""
    revisions = {program.id: program.revision for program in programs}
    for record in records:
        if record.kind == "earlier memory" and watch.harmful([*iteration.past.harms, *record.differences]):
            return revisions[record.program_id]
    return None


def _others(
    iteration: Iteration,
    policy: YieldRewriting,
    watch: HarmWatch,
    program: Program,
    usable: Sequence[Task],
    evidence: Collection[str],
) -> list[_Other]:
    past, number = iteration.past, iteration.number - 1
    others = []
    trial, watched = (count and iteration.scaled(count) for count in (policy.trial_tasks, watch.count(past.harms)))
    if past.race is not None and evidence:
        among = [task for task in usable if task.id in evidence]
        others.append(_Other("race", past.race.program.at(number), among, len(among)))
        if policy.succession and (next_ := _successor(iteration, policy)) is not None:
            others.append(_Other("proposal", next_.at(number), among, trial))
    elif program.variant != iteration.champion.variant:  # a proposal leads: the champion is put beside it
        others.append(_Other("proposal", iteration.with_memory_of(number), usable, trial))
    else:
        known = list(past.arms.values())
        chosen = policy.choose([one.arm for one in known], past.operators, iteration.rng("arms"))
        if chosen is not None:
            others.append(_Other("proposal", known[chosen].program.at(number), usable, trial))
    earlier = past.earlier_memory(iteration.memory.count, signs=watch.signs(past.harms))
    if iteration.following and earlier is not None and not program.only:
        others.append(_Other("earlier memory", program.at(earlier), usable, watched))
    return [other for other in others if other.count and other.program.id != program.id]


def _successor(iteration: Iteration, policy: YieldRewriting) -> Program | None:
    """The proposal to put beside what is raced; None where there is none."""
    past = iteration.past
    known = [
        one for one in past.arms.values() if not one.program.only
    ]  # with all of memory it would be another program
    others = [one for one in known if past.race and one.program.variant != past.race.program.variant]
    beside = [past.beside_raced.get(one.program.variant, one.arm.untried) for one in others]
    chosen = policy.choose(beside, past.operators, iteration.rng("successors"))
    return None if chosen is None else others[chosen].program
