"""Asking the judge: a rating from 1 to 5 of an answer, by itself or after answers whose verdict is known."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.rollouts.evaluate import Judged
from burnish.errors import ModelRejected
from burnish.policies.calibration import expected_rating, parse_rating
from burnish.types import Message, Task

DIGIT = (
    "You rate answers. 5 is a perfect answer, 1 is a useless one. Reply with one digit from 1 to 5 and nothing else."
)
REASONED = (
    "You rate how good an answer is as an example of how an assistant should respond. 1: it is incomplete, vague or "
    "wrong. 2: it addresses most of the request, not directly. 3: it helps, but not as an expert would. 4: it is right "
    "and complete, with little to improve. 5: it is perfect. Say briefly why, then end with a last line that reads "
    "Score: and the digit."
)
"""The scale of instruction backtranslation (Li et al. 2023), in words of our own."""

REASON_TOKENS = 160

Shown = Sequence[tuple[Task, str, int]]
"""Tasks and answers with the rating that their verdict stands for."""


async def rating_of(
    caller: Caller, task: Task, answer: str, place: Place, *, shown: Shown = (), reasons: bool = False
) -> float | None:
    """The judge's rating: the expected value over the rating token where the server gives probabilities, else the
    digit it wrote; None where it gave none. With `reasons` it says why first.
    """
    turns = [m for t, a, r in shown for m in (_asked(t, a), Message("assistant", f"Score: {r}" if reasons else str(r)))]
    request = ChatRequest(
        messages=(Message("system", REASONED if reasons else DIGIT), *turns, _asked(task, answer)),
        max_tokens=REASON_TOKENS if reasons else 4,
        top_probabilities=0 if reasons else 20,
    )
    try:
        completion = await caller.ask("judge", request, place)
    except ModelRejected:  # too long, say: an answer without a rating
        return None
    if not reasons and completion.probabilities is not None:
        rating = expected_rating(completion.probabilities)
        if rating is not None:
            return rating
    return parse_rating(completion.text)


def examples(judged: Sequence[Judged], tasks: Sequence[Task], count: int) -> Shown:
    """At most `count` answers, in turn a verified one as a 5 and one that is not as a 1; `tasks` are those answered."""
    pairs = [(task, a.answer, 5 if f.verified else 1) for task, (a, f) in zip(tasks, judged, strict=True)]
    good, bad = ([p for p in pairs if p[2] == rating] for rating in (5, 1))
    half = min(len(good), len(bad), count // 2)
    return [one for pair in zip(good[:half], bad[:half], strict=True) for one in pair]


def _asked(task: Task, answer: str) -> Message:
    return Message("user", defuse(f"Task: {task.prompt}\n\nAnswer: {answer}\n\nRating from 1 to 5:"))
