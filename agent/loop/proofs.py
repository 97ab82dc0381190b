"""The proofs that a run was asked for, made once its sealed test is opened."""

from __future__ import annotations

from burnish.agent.loop.open_session import Opened
from burnish.agent.loop.registry import choose_provers
from burnish.agent.proofs.base import Stage, corrected
from burnish.records import Proof


async def prove(opened: Opened) -> list[Proof]:
    """The proofs that the configuration names, in its order, corrected for their number.

    Raises:
        BudgetExhausted: the budget ended within one.
        Interrupted: a session that replays only lacks an answer.

    """
    session = opened.session
    stage = Stage(
        config=session.config,
        environment=opened.environment,
        written=session.journal,
        caller=session.caller,
        memory=session.memory,
        meaning=session.meaning,
        past=session.past,
        champion=session.champion,
        seed_program=opened.seed_program,
        principles=session.principles,
        recall=session.retriever.recall,
        pick=session.process_reward.pick,
        forming=session.forming,
        forms=session.forms,
    )
    return corrected([proof for prover in choose_provers(session.config) for proof in await prover.prove(stage)])
