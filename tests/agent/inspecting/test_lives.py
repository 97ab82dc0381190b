"""Why exemplars came and went, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnish.agent.inspecting.lives import admission_in_words, death_in_words, likeness_condition
from burnish.by_hand import ByHand
from burnish.config import RunConfig
from burnish.records import EVICTED, REPLACED, DeathRecord
from burnish.types import Exemplar

ONE = Exemplar("t", "Say it.", "it", 1.0, "", 1, "m", reason="verified and novel")
DEAD = replace(ONE, died=4, death="gone")
NOW = "2026-01-01T00:00:00Z"


def test_what_was_novel_says_what_would_have_been_too_near() -> None:
    assert "likeness to others was no condition" in admission_in_words(ONE, None)
    assert "nothing remembered was as like as 0.95" in admission_in_words(ONE, 0.95)
    assert admission_in_words(replace(ONE, reason="imported by Ana"), None) == "imported by Ana"
    assert likeness_condition(RunConfig.parse({"environment": "contacts"})) is None
    told = {"environment": "contacts", "policies": {"admission": {"novelty": 0.9}}}
    assert likeness_condition(RunConfig.parse(told)) == 0.9


@pytest.mark.parametrize(
    ("death", "change", "said"),
    [
        (None, ByHand("forget", "Ana", NOW, "it is wrong"), "taken out by hand by Ana because it is wrong; nothing"),
        (None, ByHand("rollback", "Ana", NOW, to=2), "taken out by hand by Ana, who went back to iteration 2; nothing"),
        (
            None,
            ByHand("rollback", "Ana", NOW, "it got worse", to=2),
            "taken out by hand by Ana, who went back to iteration 2, because it got worse; nothing took its place",
        ),
        (
            DeathRecord("x", REPLACED, "y", 0.97),
            None,
            "y, a near-duplicate with more merit, took its place, at a cosine",
        ),
        (DeathRecord("x", EVICTED, "y", 0.5), None, "y was the one most like it that stayed, at a cosine of 0.50"),
        (DeathRecord("x", EVICTED), None, "evicted, since memory was full and it was crowded or of little use"),
        (None, None, "gone; nothing took its place"),
        (DeathRecord("x", "other", "y"), None, "other; y took its place"),
    ],
)
def test_a_death_says_who_and_what_took_its_place(death: DeathRecord | None, change: ByHand | None, said: str) -> None:
    told = death_in_words(DEAD, death, change)
    assert said in told
    assert not told.endswith((";", "."))
    assert death_in_words(ONE, death, change) == ""
