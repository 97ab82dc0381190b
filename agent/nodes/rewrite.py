from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from burnish.agent.nodes.iteration import Iteration, failed
from burnish.agent.nodes.parts import Compared, Curated, Drawn, Rewritten, Shown
from burnish.agent.nodes.parts_in_hand import Parts
from burnish.agent.operators.base import Failure, Operator, Proposal, ProposalContext, Rival, Train, spread
from burnish.agent.record.events import Event, Noted
from burnish.agent.record.findings import CUT_SHORT, UNTRAINED
from burnish.agent.record.history import MEMORY, History, Proposed, arm_key, count
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import BudgetExhausted
from burnish.policies.acceptance import BettingGate, score
from burnish.policies.curriculum import Tally
from burnish.policies.eviction import usefulness
from burnish.policies.rewriting import Arm, Prospect, YieldRewriting
from burnish.programs import Program
from burnish.records import ProposalRecord
from burnish.types import Task

Training = Callable[[Callable[[str], None]], Awaitable[str]]
"""Trains an adapter, see `Train`; the function it is given is told why it does not."""


async def rewrite(
    iteration: Iteration,
    policy: YieldRewriting,
    acceptance: BettingGate,
    operators: Sequence[Operator],
    parts: Parts,
    *,
    training: Training | None,
    reflector_able: bool,
) -> Rewritten:
    """Let operators propose programs while few are in trial, drop those that will not do, and choose which to race.

    What was proposed before is not proposed again. While a race goes on only what gains much more is raced, in its
    place.
    """
    past, champion = iteration.past, iteration.followed(iteration.champion)
    events, trials = list[Event](), _Trials(iteration, parts.tasks)
    context = _context(iteration, policy, parts, trials, events, training, reflector_able)
    racing = arm_key(past.race.program, champion) if past.race else ""
    race = Prospect(acceptance.within(iteration.race_tasks).cap, acceptance.level(past.challengers + 1))
    retired = tuple(key for key, one in past.arms.items() if key != racing and policy.is_hopeless(one.arm, race))
    tried = {key: one for key, one in past.arms.items() if key not in {*retired, racing}}
    # what is found while a race takes all tasks of the iterations could not be tried until it ends
    looks = 0 if parts[Drawn].evidence else policy.looks_after(past.in_vain_looks, iteration.number)
    asked = _in_turn(policy, operators, iteration)
    new = await _looked_at(iteration, policy, asked, context, trials, tried, looks=looks)
    arms = {key: one.arm for key, one in tried.items()} | {key: one.arm for key, one in new.items() if not one.useless}
    sent = policy.send(list(arms.values()), race)
    if sent is not None and past.race is not None:
        raced = past.arms[racing].arm if racing in past.arms else Arm(past.race.record.operator)
        raced = raced.with_pairs([new - old for old, new in past.race.scores])
        sent = sent if policy.overtakes(list(arms.values())[sent], raced) else None
    key = None if sent is None else list(arms)[sent]
    challenger = None if key is None else new[key].proposal if key in new else _known(tried[key], iteration.number)
    records = tuple(one.record(sent=one.proposal is challenger) for one in new.values())
    racing_now = past.race is not None or challenger is not None
    programs = (*(one.proposal.program for one in new.values()), *trials.programs)
    return Rewritten(records, programs, challenger, racing_now, retired, tuple(events))


@dataclass(frozen=True)
class _Looked:
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


async def _looked_at(
    iteration: Iteration,
    policy: YieldRewriting,
    operators: Sequence[Operator],
    context: ProposalContext,
    trials: _Trials,
    tried: Mapping[str, Proposed],
    *,
    looks: int,
) -> dict[str, _Looked]:
    """New proposals by what tells them apart, each put to failed tasks: at most so many `looks`, as many as there is
    room for beside those that are tried already, and as the budget allows.
    """
    past, champion = iteration.past, iteration.followed(iteration.champion)
    found: dict[str, _Looked] = {}

    def room() -> bool:
        if iteration.affordable < 1:
            return False  # nothing could be proven of it any more
        in_trial = len(tried) + sum(not one.useless for one in found.values())
        return in_trial < policy.trials and len(found) < looks

    for operator in operators:
        if not room() and operator.name != TRAINING:
            continue
        try:
            proposals = await operator.propose(context)
            for proposal in proposals:
                key = arm_key(proposal.program, champion)
                if proposal.program.id == champion.id or key in {*context.proposed, *past.arms, *found}:
                    continue
                if not room() and not proposal.urgent:
                    break
                looked = not proposal.urgent and key != MEMORY
                chosen = (proposal.made_for or _own(context, policy.look)) if looked else ()
                failed = chosen[: iteration.scaled(policy.look)] if policy.look else ()
                found[key] = _Looked(proposal, len(failed), await trials.mended(proposal.program, failed))
        except BudgetExhausted as error:  # what was found so far counts, and the iteration's other work is kept
            context.note(CUT_SHORT, f"{operator.name}: {error}")
            break
    return found


def _own(context: ProposalContext, most: int) -> Sequence[Failure]:
    """Failures of the program that proposals are made from."""
    return [failure for failure in spread(context, most, context.base) if failure.variant == context.base.variant]


TRAINING = "train"
"""The operator that is asked whenever an adapter is due, whatever else is in trial."""


def _in_turn(policy: YieldRewriting, operators: Sequence[Operator], iteration: Iteration) -> list[Operator]:
    """The operators in the order in which they are asked, training first."""
    order = policy.order([o.name for o in operators], iteration.past.looks, iteration.rng("rewriting"))
    return sorted(operators, key=lambda o: (o.name != TRAINING, order.index(o.name)))


def _known(known: Proposed, number: int) -> Proposal:
    """A proposal of an earlier iteration, with what was learned since."""
    return Proposal(known.arm.operator, known.program.at(number), known.description, urgent=known.arm.urgent)


class _Trials:
    """Tries programs on train tasks that the iteration has not drawn before, each time on further ones."""

    def __init__(self, iteration: Iteration, tasks: Sequence[Task]) -> None:
        self._iteration = iteration
        self._used = {task.id for task in tasks}
        self._recorded = 0
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
        judged = await self._iteration.rollout().evaluate("rewrite", programs, tasks, start=self._recorded)
        self._recorded += len(programs) * len(tasks)
        return judged


def _rungs(past: History, judged: Sequence[Judged]) -> dict[str, Tally]:
    """How often each way of a search was tried and solved, this iteration included."""
    counts = dict(past.rungs)
    for attempt, feedback in judged:
        if attempt.rung:
            count(counts, attempt.rung, solved=feedback.verified)
    return counts


FAILURES = 48
"""Failures that operators look at, the newest first."""


def _failures(iteration: Iteration, parts: Parts) -> list[Failure]:
    """What was not verified in this iteration, and before it as far as there are few."""
    journal = iteration.journal
    compared = (parts.get(Compared) or Compared()).programs
    programs = {program.id: program for program in (parts[Shown].program, *compared)}

    def of(answers: Iterable[Judged]) -> list[Failure]:
        made = [(a, f, programs.get(a.program_id)) for a, f in answers if failed(f)]
        return [
            Failure(journal.task(a.task_id), a.answer, f.text, p.variant if p else "", f.reward, p.revision if p else 0)
            for a, f, p in made
        ]

    found = of(parts.judged)
    for record in reversed(iteration.past.records):
        if len(found) >= FAILURES:
            break
        for node in ("attempt", "compare"):
            known = journal.judged(node, record.number)
            programs |= {id_: journal.program(id_) for id_ in {a.program_id for _, a, _ in known}}
            found += of((a, f) for _, a, f in known)
    return found[:FAILURES]


def _context(
    iteration: Iteration,
    policy: YieldRewriting,
    parts: Parts,
    trials: _Trials,
    events: list[Event],
    training: Training | None,
    reflector_able: bool,
) -> ProposalContext:
    past, memory = iteration.past, iteration.memory
    arms = list(past.arms.values())
    best = policy.best([one.arm for one in arms])
    base = iteration.with_memory_of(iteration.number) if best is None else arms[best].program.at(iteration.number)
    exemplars = memory.alive()
    train: Train | None = None
    if training is not None:
        train = partial(training, lambda reason: events.append(Noted(UNTRAINED, reason)))
    return ProposalContext(
        champion=iteration.followed(iteration.champion),
        base=base,
        failures=_failures(iteration, parts),
        exemplars=exemplars,
        known_before=max(memory.count(iteration.champion.revision), past.raced_memory),
        settled=past.race is None and (iteration.is_last or policy.settled(len(parts[Curated].born), len(exemplars))),
        usefulness={i: u for i, u in usefulness(past.showings).items() if memory.holds(i)},
        rng=iteration.rng("operators"),
        note=lambda kind, body: events.append(Noted(kind, body)),
        score=trials.score,
        vectors=memory.vectors,
        takes_grammars=iteration.config.models.task.takes_grammars,
        proposed={*past.proposed, *past.useless_lately},
        refused=[one.program for one in past.refused],
        rungs=_rungs(past, parts.judged),
        cells=past.cells_of.get(iteration.champion.variant, {}),
        rivals=[
            Rival(program.at(iteration.number), past.cells_of[key])
            for key, program in past.rivals.items()
            if key in past.cells_of
        ],
        ask=iteration.ask_reflector if reflector_able else None,
        train=train,
    )
