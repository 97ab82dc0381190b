"""Each rule by which an evolved text is no task has a text that it alone eliminates, and one that it lets be."""

from __future__ import annotations

import pytest

from burnish.policies.elimination import by_pass_rate, elimination

PARENT = "Name the capital of France."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Name the capital of France.", "no information gained"),
        ("name  the CAPITAL of france!", "no information gained"),
        ("I'm sorry, but I cannot do that.", "a refusal"),
        ("I\u2019m sorry, this is unclear.", "a refusal"),
        ("As an AI I have no opinion on capitals.", "a refusal"),
        ("", "nothing but punctuation and stop words"),
        ("... what is it?", "nothing but punctuation and stop words"),
        ("!?", "nothing but punctuation and stop words"),
        ("Here is the rewritten prompt: name two capitals.", "words of the template"),
        ("#Rewritten Task#: name two capitals.", "words of the template"),
        ("Name the capital of Spain.", "equal to a task that is known"),
    ],
)
def test_what_is_no_task_is_eliminated(text: str, reason: str) -> None:
    assert elimination(text, PARENT, ["Name the capital of Spain!"]) == reason


@pytest.mark.parametrize(
    "text",
    [
        "Name the capital of France and the river it lies on.",
        "Sort the cards: sorry, spade, heart.",
        "Who cannot swim, the cat or the duck?",
        "2 + 2 = ?",
        "法国的首都是哪里？",
    ],
)
def test_what_is_one_stays(text: str) -> None:
    assert elimination(text, PARENT, ["Name the capital of Spain!"]) == ""


def test_only_what_lies_between_always_and_never_teaches() -> None:
    assert by_pass_rate(2, 2) == "trivial: the champion always solves it"
    assert by_pass_rate(0, 2) == "out of reach: the champion never solves it"
    assert by_pass_rate(1, 2) == ""
