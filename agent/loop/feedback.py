"""Taking in what clients said of served answers.

Where the environment knows or can read what was asked, it judges, and an answer is learned only if both find it right.
Where it cannot, the client's word stands in its place, as a person's does at level 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from burnish.agent.loop.admission_by_hand import LetIn, let_in
from burnish.agent.loop.hand_effects import Effect, Hand, Lessons
from burnish.agent.loop.served_answers import Heard, heard
from burnish.agent.record.by_hand import pinned, said_by, without
from burnish.agent.record.events import SaidOfServed
from burnish.agent.record.feedback_file import FeedbackRecord
from burnish.by_hand import ByHand
from burnish.policies.admission import unverified
from burnish.programs import Program
from burnish.records import ADMITTED, NOT_RIGHT, ApplicantRecord, DeathRecord
from burnish.types import ASKED


async def take_feedback(hand: Hand, change: ByHand, number: int, lessons: Lessons) -> Effect:
    """Let in what is right; take back what was learned by a client's word alone, and was called wrong since."""
    assert hand.environment is not None
    words = [FeedbackRecord.from_json(said) for said in lessons]
    found = await heard(hand, words, number=number, because=change.because)
    back = _taken_back(hand, found)
    hand.memory.stage([], back, revision=number)
    came, applicants = _let_in(hand, found, number)
    judged = tuple((c.task, c.attempt, c.feedback) for c in (one.candidate for one in found) if c.feedback)
    hand.environment.asked |= {task.id for task, _, _ in judged if task.origin == ASKED}
    noted = SaidOfServed.of([(one.candidate.attempt.id, one.said) for one in found], lessons)
    return Effect(
        _champion(hand, number, back, born=bool(came.born)),
        came.born,
        (*came.deaths, *(DeathRecord(id_, why) for id_, why in sorted(back.items()))),
        applicants,
        dict(Counter(one.outcome for one in applicants if one.outcome != ADMITTED)),
        judged,
        ((noted.kind, noted.body),),
    )


def _let_in(hand: Hand, found: Sequence[Heard], number: int) -> tuple[LetIn, tuple[ApplicantRecord, ...]]:
    """Who comes in of those that are right; and what became of every answer, in order."""
    reasons = [_refusal(one) for one in found]
    fit = [one.candidate for one, why in zip(found, reasons, strict=True) if not why]
    came = let_in(hand, fit, number=number) if fit else LetIn((), (), ())
    fitting = iter(came.applicants)
    became = [
        ApplicantRecord(one.candidate.attempt.id, why, 0.0) if why else next(fitting)
        for one, why in zip(found, reasons, strict=True)
    ]
    return came, tuple(became)


def _refusal(one: Heard) -> str:
    """Why an answer is not even put to the admission policy."""
    candidate = one.candidate
    judged = candidate.feedback is not None and candidate.feedback.status.judged
    return candidate.barred or unverified(judged=judged, verified=candidate.verified)


def _taken_back(hand: Hand, found: Sequence[Heard]) -> dict[str, str]:
    """Exemplars that a client's word alone brought in, of answers that were now called wrong, and by whom."""
    wrong = {
        said_by(one.candidate.exemplar): f"{NOT_RIGHT} by {one.said.by}"
        for one in found
        if one.by_person and one.candidate.barred == NOT_RIGHT
    }
    pins = pinned(hand.journal.iterations())
    return {
        exemplar.id: wrong[said_by(exemplar)]
        for exemplar in hand.memory.alive()
        if said_by(exemplar) in wrong
        and exemplar.reviewer
        and exemplar.origin == "feedback"
        and exemplar.id not in pins
    }


def _champion(hand: Hand, number: int, back: Collection[str] | Mapping[str, str], *, born: bool) -> Program:
    """The champion, with what is new if its memory follows, and without what was taken back."""
    champion, following = hand.champion, hand.following
    shown = [one.id for one in hand.journal.exemplars() if one.id in back and champion.shows(one)] if back else []
    if shown:
        return without(champion, shown, number=number, following=following)
    return champion.at(number) if born and following and not champion.only else champion
