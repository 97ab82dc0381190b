"""What MinHash finds is found, and what it misses too."""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

from burnish.agent.exports.duplicates import jaccard, shingles, survivors_by_words

WORDS = [f"word{n}" for n in range(400)]
THRESHOLD = 0.8


def variants(count: int) -> list[str]:
    """Texts of which each is an earlier one with a word changed, or is new."""
    rng = random.Random(0)
    texts: list[list[str]] = []
    for _ in range(count):
        words = list(rng.choice(texts)) if texts and rng.random() < 0.7 else rng.choices(WORDS, k=40)
        words[rng.randrange(len(words))] = rng.choice(WORDS)
        texts.append(words)
    return [" ".join(words) for words in texts]


def survivors_by_minhash(texts: list[str]) -> list[int]:
    """Those that MinHash and locality-sensitive hashing find no near-duplicate of among the ones before that stay."""
    datasketch: Any = import_module("datasketch")
    found = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=128)
    sets = [shingles(text) for text in texts]
    kept = []
    sketches = datasketch.MinHash.generator(([s.encode() for s in own] for own in sets), num_perm=128)
    for place, sketch in enumerate(sketches):
        if not any(jaccard(sets[place], sets[other]) >= THRESHOLD for other in found.query(sketch)):
            found.insert(place, sketch)
            kept.append(place)
    return kept


def test_no_two_survivors_are_near_duplicates_and_minhash_leaves_some() -> None:
    texts = variants(600)
    ours, theirs = survivors_by_words(texts, THRESHOLD), survivors_by_minhash(texts)

    def alike(kept: list[int]) -> int:
        sets = [shingles(texts[place]) for place in kept]
        return sum(jaccard(a, b) >= THRESHOLD for i, a in enumerate(sets) for b in sets[:i])

    assert alike(ours) == 0
    assert alike(theirs) > 0
