from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.loop.session import Session
from burnish.agent.nodes.state import State
from burnish.agent.operators.base import Proposal
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import BudgetExhausted
from burnish.policies.acceptance import GateDecision, score
from burnish.records import GateRecord
from burnish.types import Task

MOST_TASKS_A_VERDICT = 5
"""An environment that fails on more than four tasks of five ends the race: it would go on without end."""


async def gate(state: State, runtime: Runtime[Session]) -> State:
    """Race each challenger against the champion on fresh validation tasks: accept, reject or undecided."""
    session = runtime.context
    scratch = session.scratch
    scratch.champion = session.champion
    for proposal in scratch.challengers:
        record = await race(session, proposal)
        scratch.gates.append(record)
        session.notify("gate", record.to_json())
        if record.outcome == "accept":
            scratch.champion = proposal.program
    return {"accepted": sum(g.outcome == "accept" for g in scratch.gates), "champion": scratch.champion.id}


async def race(session: Session, proposal: Proposal) -> GateRecord:
    scratch, policy = session.scratch, session.policies.acceptance
    assert scratch.champion is not None
    number = session.past.challengers + len(scratch.gates) + 1
    champion = scratch.champion
    evaluator = session.evaluator("gate")
    differences: list[float] = []
    scores: list[tuple[float, float]] = []
    decision = policy.decide(differences, challenger=number)
    used = 0
    while size := policy.next_block(decision):
        tasks = await _fresh(session, size, used)
        if not tasks:
            break
        place = 2 * session.validation_used
        try:
            old, new = await evaluator.evaluate([champion, proposal.program], tasks, start=place)
        except BudgetExhausted:
            break  # what is proved so far counts, and the iteration's other work is kept
        scratch.validation_used += len(tasks)
        used += len(tasks)
        pairs = [(score(o[1]), score(n[1])) for o, n in zip(old, new, strict=True) if _both_judged(o, n)]
        scores += pairs
        differences += [n - o for o, n in pairs]
        decision = policy.decide(differences, challenger=number)
        if used >= MOST_TASKS_A_VERDICT * max(len(differences), MOST_TASKS_A_VERDICT):
            break
    return _record(proposal, champion.id, decision, scores)


async def _fresh(session: Session, count: int, used: int) -> list[Task]:
    """The next validation tasks of the run, each at most once a challenger.

    A finite list starts over with the next challenger once it is used up.
    """
    position = session.validation_used
    known = await session.validation(position + count)
    count = min(count, len(known) - used)
    return [known[i % len(known)] for i in range(position, position + count)]


def _both_judged(old: Judged, new: Judged) -> bool:
    return old[1].status.judged and new[1].status.judged


def _record(
    proposal: Proposal, champion_id: str, decision: GateDecision, scores: list[tuple[float, float]]
) -> GateRecord:
    counted = scores[: decision.n]
    n = max(1, len(counted))
    return GateRecord(
        number=decision.challenger,
        challenger_id=proposal.program.id,
        champion_id=champion_id,
        operator=proposal.operator,
        description=proposal.description,
        outcome=decision.outcome,
        tasks=decision.n,
        champion_score=sum(o for o, _ in counted) / n,
        challenger_score=sum(c for _, c in counted) / n,
        e_value=decision.e_value,
        threshold=decision.threshold,
        level=1 / decision.threshold,
        lower=decision.lower,
        upper=decision.upper,
    )
