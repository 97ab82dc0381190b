"""The feedbacks that adapters give most."""

from __future__ import annotations

from burnish.types import Feedback, Status

EXPECTED = "answer"
"""Under which `Task.data` holds what is expected."""

RIGHT = Feedback(reward=1.0, verified=True)


def unparsable(text: str) -> Feedback:
    """No answer could be made out."""
    return Feedback(reward=0.0, verified=False, text=text, status=Status.UNPARSABLE)


def wrong(text: str, reward: float = 0.0) -> Feedback:
    """An answer that is not the right one, or not only that."""
    return Feedback(reward=reward, verified=False, text=text)
