from __future__ import annotations

from dataclasses import replace

from burnish.agent.nodes.state import State
from burnish.agent.operators.base import Failure, Proposal, Situation
from burnish.agent.session import Session
from burnish.policies.acceptance import score
from burnish.policies.eviction import usefulness
from burnish.policies.rewriting import Screened
from burnish.records import ProposalRecord
from burnish.types import Task
from langgraph.runtime import Runtime


async def rewrite(state: State, runtime: Runtime[Session]) -> State:
    """Let operators propose challengers, try some on train tasks, and keep the best for the gate."""
    session = runtime.context
    scratch, policy = session.scratch, session.policies.rewriting
    situation = _situation(session)
    proposals: dict[str, Proposal] = {}
    for operator in session.operators:
        for proposal in await operator.propose(situation):
            if proposal.program.id != session.champion.id:
                proposals.setdefault(proposal.program.id, proposal)
    everything = list(proposals.values())
    chosen = policy.choose([p.operator for p in everything], session.operator_tallies, session.rng("rewriting"))
    tried = [everything[i] for i in chosen]
    scores = await _try(session, tried)
    sent = policy.send([Screened(p.operator, s, policy.trial_tasks) for p, s in zip(tried, scores, strict=True)])
    scratch.challengers = [tried[i] for i in sent]
    scratch.proposals = [
        ProposalRecord(p.operator, p.description, p.program.id, score, number in sent)
        for number, (p, score) in enumerate(zip(tried, scores, strict=True))
    ]
    return {"challengers": len(sent)}


async def _try(session: Session, proposals: list[Proposal]) -> list[float]:
    """Mean score of each proposal on the same fresh train tasks; with one proposal there is nothing to choose."""
    count = session.policies.rewriting.trial_tasks
    if len(proposals) < 2 or count == 0:
        return [0.0] * len(proposals)
    skip = {t.id for t in session.scratch.tasks}
    tasks = await session.environment.draw("train", session.seed_for("trials"), count, skip=skip)
    if not tasks:
        return [0.0] * len(proposals)
    judged = await session.evaluator("rewrite").evaluate([p.program for p in proposals], tasks)
    return [sum(score(f) for _, f in row) / len(row) for row in judged]


def _situation(session: Session) -> Situation:
    scratch = session.scratch
    by_id: dict[str, Task] = {t.id: t for t in scratch.tasks}
    exemplars = session.memory.alive()
    same = session.memory.unchanged_since(session.champion.revision)
    revision = session.champion.revision if same else scratch.number
    return Situation(
        champion=session.champion,
        base=replace(session.champion, revision=revision),
        failures=[
            Failure(by_id[a.task_id], a.answer, f.text) for a, f in scratch.judged if f.status.judged and not f.verified
        ],
        exemplars=exemplars,
        usefulness=usefulness(session.showings),
        rng=session.rng("operators"),
        refuse=lambda reason: scratch.events.append(("refused proposal", reason)),
        ask=session.ask_reflector if session.reflector_able else None,
    )
