from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Curated, Rewritten
from burnish.agent.operators.base import Failure, Operator, Proposal, ProposalContext, Train
from burnish.agent.record.events import Event, Noted
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.acceptance import score
from burnish.policies.eviction import usefulness
from burnish.policies.rewriting import Screened, YieldRewriting
from burnish.programs import Program
from burnish.records import ProposalRecord
from burnish.types import Task

Training = Callable[[Callable[[str], None]], Awaitable[str]]
"""Trains an adapter, see `Train`; the function it is given is told why it does not."""


async def rewrite(
    iteration: Iteration,
    policy: YieldRewriting,
    operators: Sequence[Operator],
    curated: Curated,
    *,
    judged: Sequence[Judged],
    tasks: Sequence[Task],
    training: Training | None,
    reflector_able: bool,
) -> Rewritten:
    """Let operators propose challengers, try some on train tasks, and keep the best for the gate."""
    trials, events = _Trials(iteration, tasks), list[Event]()
    context = _context(iteration, policy, curated, judged, tasks, trials, events, training, reflector_able)
    proposals: dict[str, Proposal] = {}
    for operator in operators:
        for proposal in await operator.propose(context):
            if proposal.program.id != iteration.champion.id:
                proposals.setdefault(proposal.program.id, proposal)
    everything = list(proposals.values())
    tried = [p for p in everything if p.urgent]
    if not tried and not context.settled:
        return Rewritten(events=tuple(events))
    scores = [p.score for p in tried]
    sent = list(range(len(tried)))
    if not tried and everything:
        chosen = policy.choose([p.operator for p in everything], iteration.past.operators, iteration.rng("rewriting"))
        tried = [everything[i] for i in chosen]
        programs = [iteration.champion, *(p.program for p in tried)]
        champion, *found = map(_mean, await trials.score(programs, policy.trial_tasks))
        scores = list(found)
        sent = policy.send([Screened(p.operator, s) for p, s in zip(tried, found, strict=True)], champion)
    records = tuple(
        ProposalRecord(p.operator, p.description, p.program.id, score, number in sent)
        for number, (p, score) in enumerate(zip(tried, scores, strict=True))
    )
    return Rewritten(records, tuple(tried[i] for i in sent), tuple(events))


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


def _mean(scores: Sequence[float]) -> float:
    """Their mean; 0 of none, as where there are no further tasks."""
    return sum(scores) / max(1, len(scores))


def _context(
    iteration: Iteration,
    policy: YieldRewriting,
    curated: Curated,
    judged: Sequence[Judged],
    tasks: Sequence[Task],
    trials: _Trials,
    events: list[Event],
    training: Training | None,
    reflector_able: bool,
) -> ProposalContext:
    by_id, past, memory = {t.id: t for t in tasks}, iteration.past, iteration.memory
    exemplars = memory.alive()
    train: Train | None = None
    if training is not None:
        train = partial(training, lambda reason: events.append(Noted("refused training", reason)))
    return ProposalContext(
        champion=iteration.champion,
        base=iteration.with_memory_of(iteration.number),
        failures=[Failure(by_id[a.task_id], a.answer, f.text) for a, f in judged if f.status.judged and not f.verified],
        exemplars=exemplars,
        known_before=max(memory.count(iteration.champion.revision), past.raced_memory),
        settled=iteration.last_race or policy.settled(len(curated.born), len(exemplars)),
        usefulness={i: u for i, u in usefulness(past.showings).items() if memory.holds(i)},
        rng=iteration.rng("operators"),
        note=lambda kind, body: events.append(Noted(kind, body)),
        score=trials.score,
        vectors=memory.vectors,
        ask=iteration.ask_reflector if reflector_able else None,
        train=train,
    )
