"""Of texts that are nearly the same exactly one survives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.agent.exports.duplicates import (
    jaccard,
    ngrams,
    shingles,
    survivors_by_vectors,
    survivors_by_words,
)
from burnish.policies.novelty import BLOCK

LONG = "the grey heron stood still in the shallow water of the pond until a small fish swam past its long legs"


def test_of_twins_the_first_survives_and_only_the_first() -> None:
    twin = LONG.replace("grey", "white")
    assert survivors_by_words([LONG, twin, "something else", twin, LONG], 0.7) == [0, 2]


def test_case_spaces_and_forms_of_letters_make_no_difference() -> None:
    assert survivors_by_words(["Caf\u00e9 au  lait", "cafe\u0301 au lait", "CAF\u00c9 AU LAIT\n"], 0.9) == [0]


def test_texts_of_other_numbers_are_other_texts() -> None:
    texts = [f"Mia picks {n} tiles in the morning and {n + 7} in the afternoon. How many is that?" for n in range(9)]
    assert survivors_by_words(texts, 0.8) == list(range(9))


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "a" * 100_000, "؟ ¿ !", " "])
def test_any_text_has_shingles(text: str) -> None:
    assert shingles(text)
    assert survivors_by_words([text, text], 0.8) == [0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=12).map(" ".join), max_size=30),
    st.sampled_from([0.05, 0.3, 1 / 3, 0.55, 0.7, 0.8, 1.0]) | st.floats(0.01, 1),
)
def test_by_words_exactly_the_greedy_choice_survives(texts: list[str], threshold: float) -> None:
    sets = [shingles(text) for text in texts]
    expected: list[int] = []
    for place, own in enumerate(sets):
        if all(jaccard(own, sets[other]) < threshold for other in expected):
            expected.append(place)
    assert survivors_by_words(texts, threshold) == expected


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0.3, 0.99))
def test_by_vectors_exactly_the_greedy_choice_survives(n: int, seed: int, threshold: float) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    expected: list[int] = []
    for place in range(n):
        if all(float(vectors[place] @ vectors[other]) < threshold for other in expected):
            expected.append(place)
    assert survivors_by_vectors(vectors, threshold) == expected


def test_by_vectors_blocks_make_no_difference() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(BLOCK + 50, 16)).astype(np.float32)
    vectors = np.concatenate([base, base[::-1]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = survivors_by_vectors(vectors, 0.999)
    assert kept == list(range(len(base)))


def test_nothing_is_no_duplicate() -> None:
    assert survivors_by_words([], 0.8) == []
    assert survivors_by_vectors(np.empty((0, 4), dtype=np.float32), 0.9) == []


def test_runs_of_words() -> None:
    assert list(ngrams("One, two!", 3)) == [("one", ",", "two"), (",", "two", "!")]
    assert list(ngrams("one two", 3)) == []
