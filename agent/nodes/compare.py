from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from burnish.agent.models.calls import Place
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Checked, Compared, Shown
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.rollouts.rollout import Trial, sampling_seed
from burnish.policies.acceptance import score
from burnish.policies.rewriting import YieldRewriting
from burnish.policies.watching import HarmWatch
from burnish.programs import Program
from burnish.records import ComparisonRecord
from burnish.types import Task

NODE = "compare"


@dataclass(frozen=True)
class _Other:
    """A program to put beside the one that made the attempts, and on how many tasks."""

    kind: Literal["proposal", "earlier memory", "race"]
    program: Program
    count: int
    """How many tasks, where they are not the whole evidence of a race."""


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
    usable = [task for task in tasks if task.id in own and own[task.id].status.judged]
    rng = iteration.rng(NODE)
    judged, records, programs = list[Judged](), list[ComparisonRecord](), list[Program]()
    pairs_of_race: tuple[tuple[float, float], ...] | None = None
    for other in _others(iteration, policy, watch, shown.program, evidence):
        if other.kind == "race":
            chosen = [task for task in usable if task.id in evidence]
        else:
            drawn = sorted(rng.permutation(len(usable))[: iteration.scaled(other.count)].tolist())
            chosen = [usable[i] for i in drawn]
        recalled = iteration.retriever.recall(other.program, chosen)
        trials = [
            Trial(
                other.program,
                task,
                exemplars,
                Place(NODE, f"{task.id}/{other.program.id}"),
                temperature=iteration.temperature_of(other.program, task),
                top_p=iteration.config.sampling.top_p,
                seed=sampling_seed(iteration.seed_for(NODE), place=len(judged) + place, slot=0),
            )
            for place, (task, exemplars) in enumerate(zip(chosen, recalled, strict=True))
        ]
        answers = await iteration.rollout().judged(NODE, trials, start=len(judged))
        judged += answers
        programs.append(other.program)
        pairs = [(score(own[a.task_id]), score(f)) for a, f in answers if f.status.judged]
        if other.kind == "race":
            pairs_of_race = tuple(pairs)
        differences = tuple(theirs - ours for ours, theirs in pairs)
        records.append(ComparisonRecord(other.kind, other.program.id, shown.program.id, differences))
    pairs_of = zip(programs, records, strict=True)
    watched = [
        (program.revision, record.differences) for program, record in pairs_of if record.kind == "earlier memory"
    ]
    harms = [d for _, differences in watched for d in differences]
    harmful = bool(watched) and watch.harmful([*iteration.past.harms, *harms])
    back_to = watched[0][0] if harmful else None
    return Compared(tuple(judged), tuple(records), tuple(programs), back_to, pairs_of_race)


def _others(
    iteration: Iteration, policy: YieldRewriting, watch: HarmWatch, program: Program, evidence: Collection[str]
) -> list[_Other]:
    past, number = iteration.past, iteration.number - 1
    others = []
    arms = list(past.arms.values())
    count = policy.trial_tasks
    if past.race is not None and evidence:
        others.append(_Other("race", past.race.program.at(number), len(evidence)))
    elif program.variant != iteration.champion.variant:  # a proposal leads: the champion is put beside it
        others.append(_Other("proposal", iteration.with_memory_of(number), count))
    else:
        chosen = policy.choose([arm.arm for arm in arms], past.operators, iteration.rng("arms"))
        if chosen is not None:
            others.append(_Other("proposal", arms[chosen].program.at(number), count))
    earlier = past.earlier_memory(iteration.memory.count, signs=watch.signs(past.harms))
    if iteration.following and earlier is not None and not program.only:
        others.append(_Other("earlier memory", program.at(earlier), watch.count(past.harms)))
    return [other for other in others if other.count and other.program.id != program.id]
