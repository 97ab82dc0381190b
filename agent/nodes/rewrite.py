from __future__ import annotations

from dataclasses import replace

from langgraph.runtime import Runtime

from burnish.agent.nodes.state import State
from burnish.agent.operators.base import Failure, Proposal, Situation
from burnish.agent.session import Session
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
    situation = _situation(session)
    proposals: dict[str, Proposal] = {}
    for operator in session.operators:
        for proposal in await operator.propose(situation):
            if proposal.program.id != session.champion.id:
                proposals.setdefault(proposal.program.id, proposal)
    everything = list(proposals.values())
    tried = [p for p in everything if p.urgent]
    if not tried and not situation.settled:
        return {"challengers": 0}
    scores: list[float | None] = [None] * len(tried)
    sent = list(range(len(tried)))
    if not tried and everything:
        chosen = policy.choose([p.operator for p in everything], session.past.operators, session.rng("rewriting"))
        tried = [everything[i] for i in chosen]
        champion, *found = await _try(session, [session.champion, *(p.program for p in tried)])
        scores = list(found)
        sent = policy.send([Screened(p.operator, s) for p, s in zip(tried, found, strict=True)], champion)
    scratch.challengers = [tried[i] for i in sent]
    scratch.proposals = [
        ProposalRecord(p.operator, p.description, p.program.id, score, number in sent)
        for number, (p, score) in enumerate(zip(tried, scores, strict=True))
    ]
    return {"challengers": len(sent)}


async def _try(session: Session, programs: list[Program]) -> list[float]:
    """Mean score of each program on the same fresh train tasks; 0 for all when there are none."""
    skip = {t.id for t in session.scratch.tasks}
    count = session.policies.rewriting.trial_tasks
    tasks = await session.environment.draw("train", session.seed_for("trials"), count, skip=skip)
    if not tasks:
        return [0.0] * len(programs)
    judged = await session.evaluator("rewrite").evaluate(programs, tasks)
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
        known_before=max(session.memory.count(session.champion.revision), session.past.raced_memory),
        settled=scratch.last_race or session.policies.rewriting.settled(len(scratch.born), len(exemplars)),
        usefulness={i: u for i, u in usefulness(session.past.showings).items() if session.memory.holds(i)},
        rng=session.rng("operators"),
        refuse=lambda reason: scratch.events.append(("refused proposal", reason)),
        ask=session.ask_reflector if session.reflector_able else None,
        train=session.training(),
    )
