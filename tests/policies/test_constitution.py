"""What counts as a better answer, and how often principles are broken."""

from __future__ import annotations

import pytest

from burnish.policies.constitution import (
    Principle,
    Revision,
    contains,
    gained,
    lacks,
    least_words,
    most_words,
    violations,
)

SHORT = Principle("short", "Be brief.", most_words(3))
KIND = Principle("kind", "Be kind.")


@pytest.mark.parametrize(
    ("principle", "revision", "reason"),
    [
        (SHORT, Revision("one two three four", "one two", 1.0, 1.0), "it keeps the principle short"),
        (SHORT, Revision("one two three four", "one two", 1.0, 0.5), ""),
        (SHORT, Revision("one", "one two three four", 0.0, 1.0), ""),
        (SHORT, Revision("one two", "two", 0.2, 0.8), "the environment rewards it more"),
        (SHORT, Revision("one two", "two", 0.5, 0.5), ""),
        (KIND, Revision("go away", "please go", 0.5, 0.5, preferred=True), ""),
        (KIND, Revision("go away", "please go", 0.5, 0.9), "the environment rewards it more"),
        (SHORT, Revision("one two three four", "one two three four ", 0.0, 1.0), ""),
        (SHORT, Revision("one two three four", "", 0.0, 0.0), ""),
    ],
)
def test_better_is_what_rises_and_falls_in_nothing(principle: Principle, revision: Revision, reason: str) -> None:
    assert gained(principle, revision) == reason


def test_predicates() -> None:
    assert [most_words(2)(text) for text in ("", "a b", "a b c")] == [True, True, False]
    assert [least_words(2)(text) for text in ("", "a b", "a b c")] == [False, True, True]
    assert contains("Sorry", "!")("sorry, it is done!")
    assert not contains("sorry", "!")("sorry")
    assert lacks("damn")("fine")
    assert not lacks("damn")("DAMN it")


def test_violations_are_counted_where_code_can_tell() -> None:
    assert violations([SHORT, KIND], ["one", "one two three four", "a b c d e"]) == {"short": 2}
