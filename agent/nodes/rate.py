from __future__ import annotations

from collections.abc import Sequence

from langgraph.runtime import Runtime

from burnish.agent.judges.prompt import Shown, examples, rating_of
from burnish.agent.judges.raters import Rater
from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.nodes.state import State
from burnish.agent.record.ratings import ASKED, as_rows, rated_among
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.calibration import auc_interval, has_vote
from burnish.records import RatingRecord


async def rate(state: State, runtime: Runtime[Session]) -> State:
    """Have the judge rate attempts 1 to 5 and measure how far its ratings agree with the verdicts."""
    session = runtime.context
    scratch = session.scratch
    judged = [(a, f) for a, f in scratch.judged if f.status.judged]
    asked = {} if session.config.judging.by == "steps" else await _asked(session, judged)
    if session.rater is None:
        scratch.ratings |= asked
    else:
        scratch.ratings |= _rated(session, session.rater, judged)
        scratch.events.append((ASKED, as_rows(rated_among(asked, judged))))
    now = rated_among(scratch.ratings, judged)
    rated = [*session.past.rated, *((one.rating, one.verified) for one in now)]
    interval = auc_interval([r for r, _ in rated], [v for _, v in rated])
    scratch.rating = RatingRecord(
        rated=len(rated),
        auc=interval.auc if interval else None,
        lower=interval.lower if interval else None,
        upper=interval.upper if interval else None,
        vote=has_vote(interval),
        by=session.config.judging.by,
    )
    return {"rated": len(scratch.ratings)}


def _rated(session: Session, rater: Rater, judged: Sequence[Judged]) -> dict[str, float]:
    """What the rater says, which learned from the iterations before and from none of these answers."""
    tasks = {task.id: task for task in session.scratch.tasks}
    ratings = rater.ratings([(tasks[a.task_id], a) for a, _ in judged], session.scratch.number - 1)
    return {a.id: rating for (a, _), rating in zip(judged, ratings, strict=True) if rating is not None}


async def _asked(session: Session, judged: Sequence[Judged]) -> dict[str, float]:
    """The model's ratings of those that the policy chooses, by attempt."""
    last = session.past.records[-1].rating
    voted = last is not None and last.vote
    chosen = session.policies.rating.choose([f.verified for _, f in judged], vote=voted, rng=session.rng("rating"))
    shown = _shown(session)
    ratings = await gather_in_order(
        _rating(session, shown, judged[i][0].task_id, judged[i][0].answer, i) for i in chosen
    )
    return {judged[i][0].id: rating for i, rating in zip(chosen, ratings, strict=True) if rating is not None}


async def _rating(session: Session, shown: Shown, task_id: str, answer: str, slot: int) -> float | None:
    task = next(t for t in session.scratch.tasks if t.id == task_id)
    others = [one for one in shown if one[0].id != task_id]
    place = Place("rate", task_id, slot)
    return await rating_of(session.caller, task, answer, place, shown=others, reasons=session.config.judging.reasons)


def _shown(session: Session) -> Shown:
    """Answers of the iteration before, whose verdicts the judge may learn from."""
    count = session.config.judging.shown
    judged = (
        [(a, f) for _, a, f in session.journal.judged("attempt", session.scratch.number - 1) if f.status.judged]
        if count
        else []
    )
    drawn = [judged[i] for i in session.rng("judging").permutation(len(judged)).tolist()]
    return examples(drawn, [session.journal.task(a.task_id) for a, _ in drawn], count)
