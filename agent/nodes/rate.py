from __future__ import annotations

from langgraph.runtime import Runtime

from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.nodes.state import State
from burnish.agent.session import Session
from burnish.errors import ModelRejected
from burnish.policies.calibration import auc_interval, expected_rating, has_vote, parse_rating
from burnish.records import RatingRecord
from burnish.types import Message

QUESTION = (
    "You rate answers. 5 is a perfect answer, 1 is a useless one. Reply with one digit from 1 to 5 and nothing else."
)


async def rate(state: State, runtime: Runtime[Session]) -> State:
    """Have the judge rate attempts 1 to 5 and measure how far its ratings agree with the verdicts."""
    session = runtime.context
    scratch = session.scratch
    judged = [(a, f) for a, f in scratch.judged if f.status.judged]
    last = session.past.records[-1].rating
    voted = last is not None and last.vote
    chosen = session.policies.rating.choose([f.verified for _, f in judged], vote=voted, rng=session.rng("rating"))
    ratings = await gather_in_order(_rating(session, judged[i][0].task_id, judged[i][0].answer, i) for i in chosen)
    rated = list(session.past.rated)
    for i, rating in zip(chosen, ratings, strict=True):
        if rating is not None:
            scratch.ratings[judged[i][0].id] = rating
            rated.append((rating, judged[i][1].verified))
    interval = auc_interval([r for r, _ in rated], [v for _, v in rated])
    scratch.rating = RatingRecord(
        rated=len(rated),
        auc=interval.auc if interval else None,
        lower=interval.lower if interval else None,
        upper=interval.upper if interval else None,
        vote=has_vote(interval),
    )
    return {"rated": len(scratch.ratings)}


async def _rating(session: Session, task_id: str, answer: str, slot: int) -> float | None:
    task = next(t for t in session.scratch.tasks if t.id == task_id)
    request = ChatRequest(
        messages=(
            Message("system", QUESTION),
            Message("user", defuse(f"Task: {task.prompt}\n\nAnswer: {answer}\n\nRating from 1 to 5:")),
        ),
        max_tokens=4,
        top_probabilities=20,
    )
    try:
        completion = await session.caller.ask("judge", request, Place("rate", task_id, slot))
    except ModelRejected:  # too long, say: an answer without a rating
        return None
    if completion.probabilities is not None:
        rating = expected_rating(completion.probabilities)
        if rating is not None:
            return rating
    return parse_rating(completion.text)
