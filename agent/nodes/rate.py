from __future__ import annotations

from collections.abc import Mapping, Sequence

from burnish.agent.judges.prompt import Shown, examples, rating_of
from burnish.agent.judges.raters import Rater
from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import Rated
from burnish.agent.record.by_hand import forgotten
from burnish.agent.record.events import RatingsKept
from burnish.agent.record.ratings import ASKED, rated_among
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import BudgetExhausted
from burnish.policies.calibration import auc_interval, has_vote
from burnish.policies.rating import RatingPolicy
from burnish.records import RatingRecord
from burnish.types import Task


async def rate(
    iteration: Iteration, policy: RatingPolicy, rater: Rater | None, *, judged: Sequence[Judged], tasks: Sequence[Task]
) -> Rated:
    """Have the judge rate attempts 1 to 5 and measure how far its ratings agree with the verdicts.

    A `rater` that needs no call rates in the model's place.
    """
    by, by_id = iteration.config.judging.by, {task.id: task for task in tasks}
    usable = [(a, f) for a, f in judged if f.status.judged]
    asked = {} if by == "steps" else await _asked(iteration, policy, usable, by_id)
    ratings = asked if rater is None else _rated(iteration, rater, usable, by_id)
    events = () if rater is None else (RatingsKept(ASKED, rated_among(asked, usable)),)
    now = rated_among(ratings, usable)
    rated = [*iteration.past.rated, *((one.rating, one.verified) for one in now)]
    values, verdicts = [rating for rating, _ in rated], [verified for _, verified in rated]
    interval = auc_interval(values, verdicts)
    record = RatingRecord(
        rated=len(rated),
        auc=interval.estimate if interval else None,
        lower=interval.lower if interval else None,
        upper=interval.upper if interval else None,
        vote=has_vote(values, verdicts),
        by=by,
    )
    return Rated(ratings, record, events)


def _rated(iteration: Iteration, rater: Rater, judged: Sequence[Judged], tasks: Mapping[str, Task]) -> dict[str, float]:
    """What the rater says, which learned from the iterations before and from none of these answers."""
    ratings = rater.ratings([(tasks[a.task_id], a) for a, _ in judged], iteration.number - 1)
    return {a.id: rating for (a, _), rating in zip(judged, ratings, strict=True) if rating is not None}


async def _asked(
    iteration: Iteration, policy: RatingPolicy, judged: Sequence[Judged], tasks: Mapping[str, Task]
) -> dict[str, float]:
    """The model's ratings of those that the policy chooses, by attempt."""
    last = iteration.past.records[-1].rating
    voted = last is not None and last.vote
    chosen = policy.choose(
        [f.verified for _, f in judged], vote=voted, rated=len(iteration.past.rated), rng=iteration.rng("rating")
    )
    shown = _shown(iteration)
    try:
        ratings = await gather_in_order(
            _rating(iteration, shown, tasks[judged[i][0].task_id], judged[i][0].answer, i) for i in chosen
        )
    except BudgetExhausted:
        return {}
    return {judged[i][0].id: rating for i, rating in zip(chosen, ratings, strict=True) if rating is not None}


async def _rating(iteration: Iteration, shown: Shown, task: Task, answer: str, slot: int) -> float | None:
    others = [one for one in shown if one[0].id != task.id]
    place = Place("rate", task.id, slot)
    return await rating_of(
        iteration.caller, task, answer, place, shown=others, reasons=iteration.config.judging.reasons
    )


def _shown(iteration: Iteration) -> Shown:
    """Answers of the iteration before, whose verdicts the judge may learn from."""
    count = iteration.config.judging.shown
    gone = forgotten(iteration.journal, iteration.past.by_hand)
    known = iteration.journal.judged("attempt", iteration.before) if count else []
    judged = [(a, f) for _, a, f in known if f.status.judged and (a.task_id, a.answer) not in gone]
    drawn = [judged[i] for i in iteration.rng("judging").permutation(len(judged)).tolist()]
    return examples(drawn, [iteration.journal.task(a.task_id) for a, _ in drawn], count)
