import dataclasses
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.environments.verdicts import LONGEST_TEXT, checked
from burnish.types import Feedback, Status, canonical_json

FEEDBACK = Feedback(0.5, verified=False, text="no", parts={"a": 1.0}, steps=(1, 0, -1), status=Status.UNPARSABLE)
UNSOUND: list[tuple[dict[str, Any], str]] = [
    ({"reward": float("nan")}, "reward is nan, not a number"),
    ({"reward": float("inf")}, "reward is inf, not a number"),
    ({"reward": None}, "reward is None, not a number"),
    ({"reward": "1"}, "reward is '1', not a number"),
    ({"reward": 1.5}, "reward is 1.5, outside 0 to 1"),
    ({"reward": -0.1}, "reward is -0.1, outside 0 to 1"),
    ({"verified": 1}, "verified is 1, not True or False"),
    ({"verified": None}, "verified is None"),
    ({"verified": True}, "verified at reward 0.5"),
    ({"verified": True, "reward": 1.0}, 'verified with status "unparsable"'),
    ({"status": "ok"}, "status is 'ok'"),
    ({"text": None}, "text is None"),
    ({"parts": {"a": "b"}}, "parts"),
    ({"parts": {1: 1.0}}, "parts"),
    ({"parts": [1]}, "parts"),
    ({"parts": {"a": float("nan")}}, "parts"),
    ({"steps": (2,)}, "steps"),
    ({"steps": 3}, "steps"),
]


@pytest.mark.parametrize(("changes", "message"), UNSOUND, ids=range(len(UNSOUND)))
def test_an_unsound_verdict_is_an_error_that_says_which(changes: dict[str, Any], message: str) -> None:
    feedback = checked(dataclasses.replace(FEEDBACK, **changes))
    assert (feedback.status, feedback.reward, feedback.verified) == (Status.ERROR, 0.0, False)
    assert message in feedback.text


@pytest.mark.parametrize("returned", [None, 1.0, True, {"reward": 1.0, "verified": True}, Feedback])
def test_what_is_no_feedback_is_an_error(returned: object) -> None:
    assert checked(returned).status is Status.ERROR


@given(
    st.floats(0, 1) | st.booleans() | st.floats(0, 1, width=32).map(np.float32),
    st.text(),
    st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 9)),
)
def test_a_sound_verdict_becomes_plain_and_survives_json(reward: Any, text: str, parts: dict[str, float]) -> None:
    feedback = checked(Feedback(reward, verified=False, text=text, parts=parts))
    assert feedback.status is Status.OK
    assert feedback.reward == reward
    assert Feedback.from_json(json.loads(canonical_json(feedback.to_json()).encode())) == feedback


def test_a_sound_verdict_is_unchanged() -> None:
    assert checked(FEEDBACK) == FEEDBACK
    assert checked(Feedback(Fraction(1), verified=True)).verified  # type: ignore[arg-type]


def test_text_is_cut_and_made_storable() -> None:
    feedback = checked(Feedback(0.0, verified=False, text="\ud800" + "x" * 1_000_000))
    assert feedback.text == "?" + "x" * (LONGEST_TEXT - 1)
