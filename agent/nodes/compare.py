from __future__ import annotations

from collections.abc import Sequence
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

    kind: Literal["proposal", "earlier memory"]
    program: Program
    count: int


async def compare(
    iteration: Iteration,
    policy: YieldRewriting,
    watch: HarmWatch,
    shown: Shown,
    checked: Checked,
    *,
    tasks: Sequence[Task],
) -> Compared:
    """Have other programs answer some of the tasks in hand: a proposal, and the champion with an earlier memory.

    Both sides answer as they would in a race. So every pair is evidence, and what is verified may be learned.
    """
    own = {a.task_id: f for a, f in reversed(checked.judged) if a.slot == 0 and not a.rung}
    usable = [task for task in tasks if task.id in own and own[task.id].status.judged]
    rng = iteration.rng(NODE)
    judged, records, programs = list[Judged](), list[ComparisonRecord](), list[Program]()
    for other in _others(iteration, policy, watch, shown.program):
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
                seed=sampling_seed(iteration.seed_for(NODE), place=len(judged) + place, slot=0),
            )
            for place, (task, exemplars) in enumerate(zip(chosen, recalled, strict=True))
        ]
        answers = await iteration.rollout().judged(NODE, trials, start=len(judged))
        judged += answers
        programs.append(other.program)
        pairs = [(own[a.task_id], f) for a, f in answers if f.status.judged]
        differences = tuple(score(theirs) - score(ours) for ours, theirs in pairs)
        records.append(ComparisonRecord(other.kind, other.program.id, shown.program.id, differences))
    pairs_of = zip(programs, records, strict=True)
    watched = [
        (program.revision, record.differences) for program, record in pairs_of if record.kind == "earlier memory"
    ]
    harms = [d for _, differences in watched for d in differences]
    harmful = bool(watched) and watch.harmful([*iteration.past.harms, *harms])
    return Compared(tuple(judged), tuple(records), tuple(programs), watched[0][0] if harmful else None)


def _others(iteration: Iteration, policy: YieldRewriting, watch: HarmWatch, program: Program) -> list[_Other]:
    past, number = iteration.past, iteration.number - 1
    others = []
    arms = list(past.arms.values())
    count = policy.trial_tasks
    if program.variant != iteration.champion.variant:  # a proposal leads: the champion is put beside it
        others.append(_Other("proposal", iteration.with_memory_of(number), count))
    else:
        chosen = policy.choose([arm.arm for arm in arms], past.operators, iteration.rng("arms"))
        if chosen is not None:
            others.append(_Other("proposal", arms[chosen].program.at(number), count))
    earlier = past.earlier_memory(iteration.memory.count, signs=watch.signs(past.harms))
    if iteration.following and earlier is not None and not program.only:
        others.append(_Other("earlier memory", program.at(earlier), watch.count(past.harms)))
    return [other for other in others if other.count and other.program.id != program.id]
