from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from burnish.agent.nodes.iteration import Iteration, failed
from burnish.agent.nodes.parts import Curated, Rewritten
from burnish.agent.operators.base import Failure, Operator, Proposal, ProposalContext, Train
from burnish.agent.record.events import Event, Noted
from burnish.agent.record.history import History, Proposed, arm_key, count
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.acceptance import BettingGate, score
from burnish.policies.curriculum import Tally
from burnish.policies.eviction import usefulness
from burnish.policies.rewriting import Arm, YieldRewriting, provable
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
    curated: Curated,
    *,
    judged: Sequence[Judged],
    tasks: Sequence[Task],
    training: Training | None,
    reflector_able: bool,
) -> Rewritten:
    """Let operators propose programs while few are in trial, drop those that will not do, and choose which to race.

    What was proposed before is not proposed again. Nothing new is raced while a race goes on.
    """
    past, champion = iteration.past, iteration.followed(iteration.champion)
    trials, events = _Trials(iteration, tasks), list[Event]()
    context = _context(iteration, policy, curated, judged, trials, events, training, reflector_able)
    racing = arm_key(past.race.program, champion) if past.race else ""
    retired = tuple(k for k, one in past.arms.items() if k != racing and policy.is_hopeless(one.arm))
    arms = {key: one.arm for key, one in past.arms.items() if key not in retired}
    new: dict[str, Proposal] = {}
    for operator in _in_turn(policy, operators, iteration):
        if len(arms) >= policy.trials and operator.name != TRAINING:
            continue
        for proposal in await operator.propose(context):
            key = arm_key(proposal.program, champion)
            if proposal.program.id == champion.id or key in past.proposed or key in arms:
                continue
            if len(arms) < policy.trials or proposal.urgent:
                arms[key] = Arm(proposal.operator, urgent=proposal.urgent)
                new[key] = proposal
    challenger = None
    least_gain = provable(acceptance.within(iteration.affordable).cap, acceptance.level(past.challengers + 1))
    if past.race is None and (sent := policy.send(list(arms.values()), least_gain=least_gain)) is not None:
        key = list(arms)[sent]
        challenger = new.get(key) or _proposal(past.arms[key], iteration.number)
    records = tuple(
        ProposalRecord(p.operator, p.description, p.program.id, p.score, sent=p is challenger, urgent=p.urgent)
        for p in new.values()
    )
    racing_now = past.race is not None or challenger is not None
    return Rewritten(records, tuple(p.program for p in new.values()), challenger, racing_now, retired, tuple(events))


TRAINING = "train"
"""The operator that is asked whenever an adapter is due, whatever else is in trial."""


def _in_turn(policy: YieldRewriting, operators: Sequence[Operator], iteration: Iteration) -> list[Operator]:
    """The operators in the order in which they are asked, training first."""
    order = policy.order([o.name for o in operators], iteration.past.operators, iteration.rng("rewriting"))
    return sorted(operators, key=lambda o: (o.name != TRAINING, order.index(o.name)))


def _proposal(known: Proposed, number: int) -> Proposal:
    """A proposal of an earlier iteration, with what was learned since."""
    return Proposal(known.arm.operator, known.program.at(number), known.description, urgent=known.arm.urgent)


class _Trials:
    """Tries programs on train tasks that the iteration has not drawn before, each time on further ones."""

    def __init__(self, iteration: Iteration, tasks: Sequence[Task]) -> None:
        self._iteration = iteration
        self._used = {task.id for task in tasks}
        self._recorded = 0

    async def score(self, programs: Sequence[Program], count: int) -> list[list[float]]:
        """See `Score`."""
        iteration = self._iteration
        seed = iteration.seed_for("trials")
        tasks = await iteration.environment.draw("train", seed, count, skip=self._used)
        if not tasks:
            return [[] for _ in programs]
        judged = await iteration.rollout().evaluate("rewrite", programs, tasks, start=self._recorded)
        self._used |= {task.id for task in tasks}
        self._recorded += len(programs) * len(tasks)
        return [[score(f) for _, f in row] for row in judged]


def _rungs(past: History, judged: Sequence[Judged]) -> dict[str, Tally]:
    """How often each way of a search was tried and solved, this iteration included."""
    counts = dict(past.rungs)
    for attempt, feedback in judged:
        if attempt.rung:
            count(counts, attempt.rung, solved=feedback.verified)
    return counts


FAILURES = 48
"""Failures that operators look at, the newest first."""


def _failures(iteration: Iteration, judged: Sequence[Judged]) -> list[Failure]:
    """What was not verified in this iteration, and before it as far as there are few."""
    found = [Failure(iteration.journal.task(a.task_id), a.answer, f.text) for a, f in judged if failed(f)]
    for record in reversed(iteration.past.records):
        if len(found) >= FAILURES:
            break
        known = iteration.journal.judged("attempt", record.number)
        found += [Failure(iteration.journal.task(a.task_id), a.answer, f.text) for _, a, f in known if failed(f)]
    return found[:FAILURES]


def _context(
    iteration: Iteration,
    policy: YieldRewriting,
    curated: Curated,
    judged: Sequence[Judged],
    trials: _Trials,
    events: list[Event],
    training: Training | None,
    reflector_able: bool,
) -> ProposalContext:
    past, memory = iteration.past, iteration.memory
    exemplars = memory.alive()
    train: Train | None = None
    if training is not None:
        train = partial(training, lambda reason: events.append(Noted("refused training", reason)))
    return ProposalContext(
        champion=iteration.followed(iteration.champion),
        base=iteration.with_memory_of(iteration.number),
        failures=_failures(iteration, judged),
        exemplars=exemplars,
        known_before=max(memory.count(iteration.champion.revision), past.raced_memory),
        settled=past.race is None and (iteration.is_last or policy.settled(len(curated.born), len(exemplars))),
        usefulness={i: u for i, u in usefulness(past.showings).items() if memory.holds(i)},
        rng=iteration.rng("operators"),
        note=lambda kind, body: events.append(Noted(kind, body)),
        score=trials.score,
        vectors=memory.vectors,
        takes_grammars=iteration.config.models.task.takes_grammars,
        proposed=past.proposed,
        refused=[one.program for one in past.refused],
        rungs=_rungs(past, judged),
        ask=iteration.ask_reflector if reflector_able else None,
        train=train,
    )
