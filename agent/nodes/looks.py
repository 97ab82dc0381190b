"""Looks: new proposals put to a few tasks that failed, before they are tried any further."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.operators.base import Failure, Operator, Proposal, ProposalContext, spread
from burnish.agent.record.findings import CUT_SHORT
from burnish.agent.record.proposed import MEMORY, Proposed, arm_key
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import BudgetExhausted
from burnish.policies.acceptance import score
from burnish.policies.rewriting import Arm, YieldRewriting
from burnish.programs import Program
from burnish.records import ProposalRecord
from burnish.types import Task

TRAINING = "train"
"""The operator that is asked whenever an adapter is due, whatever else is in trial."""


@dataclass(frozen=True)
class Looked:
    """A new proposal, how many failed tasks it was put to, and the share of them on which it did better."""

    proposal: Proposal
    failed: int
    mended: float

    @property
    def useless(self) -> bool:
        """Whether it is not worth a trial."""
        return self.failed > 0 and not self.mended

    @property
    def arm(self) -> Arm:
        """The arm that it begins as."""
        return Arm(self.proposal.operator, mended=self.mended, urgent=self.proposal.urgent)

    def record(self, *, sent: bool) -> ProposalRecord:
        """For the journal."""
        p = self.proposal
        return ProposalRecord(
            p.operator,
            p.description,
            p.program.id,
            p.score,
            sent=sent,
            urgent=p.urgent,
            useless=self.useless,
            mended=self.mended,
        )


async def look_at(
    iteration: Iteration,
    policy: YieldRewriting,
    operators: Sequence[Operator],
    context: ProposalContext,
    trials: Trials,
    tried: Mapping[str, Proposed],
    *,
    looks: int,
) -> dict[str, Looked]:
    """New proposals by what tells them apart, each put to failed tasks: at most so many `looks`, as many as there is
    room for beside those that are tried already, and as the budget allows.

    Training is asked first. An operator comes again while it finds something new, unless it has to search for it.
    """
    past, champion = iteration.past, iteration.followed(iteration.champion)
    rng, left = iteration.rng("rewriting"), {operator.name: operator for operator in operators}
    found: dict[str, Looked] = {}

    def room() -> bool:
        if iteration.affordable < 1:
            return False  # nothing could be proven of it any more
        in_trial = len(tried) + sum(not one.useless for one in found.values())
        return in_trial < policy.trials and len(found) < looks

    while left and (room() or TRAINING in left):
        informed = {name: operator.informed for name, operator in left.items()}
        name = TRAINING if TRAINING in left else policy.next_operator(informed, past.looks, rng)
        before, answered = len(found), trials.answered
        try:
            proposals = await left[name].propose(context)
            searched = trials.answered > answered
            for proposal in proposals:
                key = arm_key(proposal.program, champion)
                if proposal.program.id == champion.id or key in {*context.proposed, *past.arms, *found}:
                    continue
                if not room() and not proposal.urgent:
                    break
                looked = not proposal.urgent and key != MEMORY
                chosen = (proposal.made_for or _own(context, policy.look)) if looked else ()
                failed = chosen[: iteration.scaled(policy.look)] if policy.look else ()
                found[key] = Looked(proposal, len(failed), await trials.mended(proposal.program, failed))
        except BudgetExhausted as error:  # what was found so far counts, and the iteration's other work is kept
            context.note(CUT_SHORT, f"{name}: {error}")
            break
        if name == TRAINING or searched or len(found) == before:
            del left[name]
    return found


class Trials:
    """Tries programs on train tasks that the iteration has not drawn before, each time on further ones."""

    def __init__(self, iteration: Iteration, tasks: Sequence[Task]) -> None:
        self._iteration = iteration
        self._used = {task.id for task in tasks}
        self.answered = 0
        """Tasks that were answered so far."""
        self.programs: list[Program] = []
        """Those that were looked at, with the memory of the failures that they were put to."""

    async def score(self, programs: Sequence[Program], count: int) -> list[list[float]]:
        """See `Score`."""
        iteration = self._iteration
        seed = iteration.seed_for("trials")
        tasks = await iteration.environment.draw("train", seed, count, skip=self._used)
        if not tasks:
            return [[] for _ in programs]
        self._used |= {task.id for task in tasks}
        return [[score(f) for _, f in row] for row in await self._evaluated(programs, tasks)]

    async def mended(self, program: Program, failures: Sequence[Failure]) -> float:
        """The share of some tasks that failed on which a proposed program does better; 0 where there are none.

        It is shown the exemplars of the time of the failure, so that what was learned since is not taken for its merit.
        This is a look before it is tried, and no evidence: such tasks can only be won.
        """
        before = {failure.task.id: failure for failure in failures}
        better = 0
        for revision in sorted({failure.revision for failure in before.values()}):
            then = program if program.only else program.at(revision)
            self.programs.append(then)
            tasks = [failure.task for failure in before.values() if failure.revision == revision]
            (answers,) = await self._evaluated([then], tasks)
            better += sum(f.verified or f.reward > before[a.task_id].reward for a, f in answers)
        return better / len(before) if before else 0.0

    async def _evaluated(self, programs: Sequence[Program], tasks: Sequence[Task]) -> list[list[Judged]]:
        judged = await self._iteration.rollout().evaluate("rewrite", programs, tasks, start=self.answered)
        self.answered += len(programs) * len(tasks)
        return judged


def _own(context: ProposalContext, most: int) -> Sequence[Failure]:
    """Failures of the program that proposals are made from."""
    return [failure for failure in spread(context, most, context.base) if failure.variant == context.base.variant]
