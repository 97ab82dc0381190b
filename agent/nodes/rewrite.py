from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.agent.operators.base import Failure, Proposal, Situation
from burnish.policies.acceptance import score
from burnish.policies.eviction import usefulness
from burnish.policies.rewriting import Screened
from burnish.programs import Program
from burnish.records import ProposalRecord
from burnish.types import Task


async def rewrite(state: State, runtime: Runtime[Session]) -> State:
    """Let operators propose challengers, try some on train tasks, and keep the best for the gate."""
    session = runtime.context
    scratch, policy = session.scratch, session.policies.rewriting
    trials = _Trials(session)
    situation = _situation(session, trials)
    proposals: dict[str, Proposal] = {}
    for operator in session.operators:
        for proposal in await operator.propose(situation):
            if proposal.program.id != session.champion.id:
                proposals.setdefault(proposal.program.id, proposal)
    everything = list(proposals.values())
    tried = [p for p in everything if p.urgent]
    if not tried and not situation.settled:
        return {"challengers": 0}
    scores = [p.score for p in tried]
    sent = list(range(len(tried)))
    if not tried and everything:
        chosen = policy.choose([p.operator for p in everything], session.past.operators, session.rng("rewriting"))
        tried = [everything[i] for i in chosen]
        programs = [session.champion, *(p.program for p in tried)]
        champion, *found = map(_mean, await trials.score(programs, policy.trial_tasks))
        scores = list(found)
        sent = policy.send([Screened(p.operator, s) for p, s in zip(tried, found, strict=True)], champion)
    scratch.challengers = [tried[i] for i in sent]
    scratch.proposals = [
        ProposalRecord(p.operator, p.description, p.program.id, score, number in sent)
        for number, (p, score) in enumerate(zip(tried, scores, strict=True))
    ]
    return {"challengers": len(sent)}


class _Trials:
    """Tries programs on train tasks that the iteration has not drawn before, each time on further ones."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._used = {task.id for task in session.scratch.tasks}
        self._recorded = 0

    async def score(self, programs: Sequence[Program], count: int) -> list[list[float]]:
        """See `Score`."""
        session = self._session
        tasks = await session.environment.draw("train", session.seed_for("trials"), count, skip=self._used)
        if not tasks:
            return [[] for _ in programs]
        judged = await session.evaluator("rewrite").evaluate(programs, tasks, start=self._recorded)
        self._used |= {task.id for task in tasks}
        self._recorded += len(programs) * len(tasks)
        return [[score(f) for _, f in row] for row in judged]


def _mean(scores: Sequence[float]) -> float:
    """Their mean; 0 of none, as where there are no further tasks."""
    return sum(scores) / max(1, len(scores))


def _situation(session: Session, trials: _Trials) -> Situation:
    scratch = session.scratch
    by_id: dict[str, Task] = {t.id: t for t in scratch.tasks}
    exemplars = session.memory.alive()
    return Situation(
        champion=session.champion,
        base=session.with_memory_of(scratch.number),
        failures=[
            Failure(by_id[a.task_id], a.answer, f.text) for a, f in scratch.judged if f.status.judged and not f.verified
        ],
        exemplars=exemplars,
        known_before=max(session.memory.count(session.champion.revision), session.past.raced_memory),
        settled=scratch.last_race or session.policies.rewriting.settled(len(scratch.born), len(exemplars)),
        usefulness={i: u for i, u in usefulness(session.past.showings).items() if session.memory.holds(i)},
        rng=session.rng("operators"),
        note=lambda kind, body: scratch.events.append((kind, body)),
        score=trials.score,
        vectors=session.memory.vectors,
        ask=session.ask_reflector if session.reflector_able else None,
        train=session.training(),
    )
