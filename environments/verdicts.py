"""Checking what a `score` returned: only a sound verdict may reach the loop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real

from burnish.types import Feedback, Status

LONGEST_TEXT = 4_000
"""Characters of feedback that are kept."""


def failed(status: Status, text: str) -> Feedback:
    """The feedback of an environment that gave no verdict."""
    return Feedback(reward=0.0, verified=False, text=text, status=status)


def checked(returned: object) -> Feedback:
    """The feedback in plain values, or one of status `error` that says what is wrong with it."""
    if not isinstance(returned, Feedback):
        return failed(Status.ERROR, f"score returned {type(returned).__name__} instead of Feedback")
    problem = _problem(returned)
    if problem:
        return failed(Status.ERROR, f"score returned a Feedback {problem}")
    return Feedback(
        reward=float(returned.reward),
        verified=returned.verified,
        text=storable(returned.text[:LONGEST_TEXT]),
        parts={storable(name): float(value) for name, value in returned.parts.items()},
        steps=tuple(int(step) for step in returned.steps),
        status=returned.status,
    )


def _problem(feedback: Feedback) -> str:
    # The values come from other people's code, whatever their annotations say.
    reward: object = feedback.reward
    verified: object = feedback.verified
    if not _is_number(reward):
        return f"whose reward is {_shown(reward)}, not a number"
    if not 0.0 <= feedback.reward <= 1.0:
        return f"whose reward is {_shown(reward)}, outside 0 to 1"
    if not isinstance(verified, bool):
        return f"whose verified is {_shown(verified)}, not True or False"
    if verified and feedback.reward < 1.0:
        return f"that is verified at reward {_shown(reward)}; only an answer of reward 1 may be"
    return _lesser_problem(feedback)


def _lesser_problem(feedback: Feedback) -> str:
    status: object = feedback.status
    text: object = feedback.text
    parts: object = feedback.parts
    steps: object = feedback.steps
    if not isinstance(status, Status):
        return f"whose status is {_shown(status)}, not a Status"
    if feedback.verified and status is not Status.OK:
        return f'that is verified with status "{status}"'
    if not isinstance(text, str):
        return f"whose text is {_shown(text)}, not text"
    if not isinstance(parts, Mapping) or not all(isinstance(k, str) and _is_number(v) for k, v in parts.items()):
        return "whose parts are not numbers by name"
    if not isinstance(steps, (tuple, list)) or not all(step in {-1, 0, 1} for step in steps):
        return "whose steps are not all -1, 0 or 1"
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _shown(value: object) -> str:
    return repr(value)[:60]


def storable(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 file takes."""
    return text.encode("utf-8", "replace").decode()
