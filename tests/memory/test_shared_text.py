"""What many tasks share weighs little in their likeness."""

from __future__ import annotations

import numpy as np
import pytest

from burnish.memory.embedding import Embedder, HashEmbedder, MiniLMEmbedder
from burnish.memory.form import FormEmbedder, JointEmbedder
from burnish.memory.shared_text import ApartEmbedder, SharedText

NAMES = [f"{name} {letter}" for name in ("Ada", "Bela", "Cora", "Dina") for letter in "KLMNO"]
PASSAGE = " ".join(
    f"In the register of the parish {name} is entered as born in {1800 + i}." for i, name in enumerate(NAMES)
)
QUESTIONS = [f"{PASSAGE} {PASSAGE}\n\nQuestion: in which year was {name} born?" for name in NAMES]
KINDS = [f"A text about the number {i}.\nTopic: sport or weather?" for i in range(20)]


def likeness(embedder: Embedder, a: str, b: str) -> float:
    first, second = embedder.embed([a, b])
    return float(first @ second)


def test_a_passage_that_all_questions_are_about_is_set_apart() -> None:
    shared = SharedText.of(QUESTIONS)
    own, common = shared.apart(QUESTIONS[3])
    assert own == "Question: in which year was Ada N born?"
    assert "register of the parish" in common


def test_a_line_that_tells_kinds_apart_stays() -> None:
    shared = SharedText.of(KINDS)
    assert shared.digests
    assert shared.apart(KINDS[0]) == (KINDS[0], "")


def test_texts_that_share_nothing_or_everything_are_their_own() -> None:
    assert SharedText.of(["one.", "two.", "three."]).apart("one.") == ("one.", "")
    assert SharedText.of(["same text."] * 9).apart("same text.") == ("same text.", "")
    assert SharedText().apart("any") == ("any", "")


@pytest.mark.parametrize("embedder", [HashEmbedder(), JointEmbedder(MiniLMEmbedder(), FormEmbedder())])
def test_questions_on_one_passage_differ_by_what_is_asked(embedder: Embedder) -> None:
    apart = ApartEmbedder(embedder, SharedText.of(QUESTIONS))
    before, after = likeness(embedder, *QUESTIONS[:2]), likeness(apart, *QUESTIONS[:2])
    assert before > 0.98
    assert after < before - 0.03
    vectors = apart.embed(QUESTIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[2], apart.embed(QUESTIONS[2:3])[0], atol=1e-5)
    assert apart.name != embedder.name


def test_what_stands_behind_the_first_window_is_read() -> None:
    model = MiniLMEmbedder()
    long = "The river is wide and calm today. " * 60
    assert likeness(model, long + "A cat sleeps.", long + "The parliament voted on taxes and trade." * 6) < 0.999
    assert likeness(model, "A cat sleeps.", "A cat sleeps.") == pytest.approx(1, abs=1e-5)
