"""Near-duplicates among texts: of those that are nearly the same exactly one survives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from burnish.types import canonical_text

SHINGLE = 3
"""Words of a shingle."""

PERMUTATIONS = 128

BLOCK = 2048
"""Rows of one matrix product; bounds the memory it takes."""

_WORD = re.compile(r"\w+|[^\w\s]")


def words_of(text: str) -> list[str]:
    """Words and marks, case aside."""
    return _WORD.findall(canonical_text(text).casefold())


def shingles(text: str, size: int = SHINGLE) -> set[bytes]:
    """All runs of `size` words; of a shorter text the text itself."""
    words = words_of(text)
    runs = (words[i : i + size] for i in range(max(1, len(words) - size + 1)))
    return {" ".join(run).encode("utf-8", "surrogatepass") for run in runs}


def survivors_by_words(texts: Sequence[str], threshold: float) -> list[int]:
    """The places of the texts that are kept: of any two whose sets of shingles are alike by `threshold` (Jaccard), at
    most the first, and of every text that goes one it is alike to stays.

    Found by MinHash and locality-sensitive hashing (Broder 1997; datasketch), and confirmed on the sets themselves.
    """
    from datasketch import MinHash, MinHashLSH

    found = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
    kept: dict[int, set[bytes]] = {}
    for place, own in enumerate(shingles(text) for text in texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch(sorted(own))
        if any(jaccard(own, kept[other]) >= threshold for other in found.query(sketch)):
            continue
        found.insert(place, sketch, check_duplication=False)
        kept[place] = own
    return list(kept)


def jaccard(a: set[bytes], b: set[bytes]) -> float:
    """Size of what is common by size of what is in either."""
    return len(a & b) / len(a | b)


def survivors_by_vectors(vectors: NDArray[np.float32], threshold: float) -> list[int]:
    """The same by cosine: `vectors` of shape (n, d) and unit length. Exact; n = 100,000 and d = 384 take half a
    minute on two cores.
    """
    kept = np.empty_like(vectors)
    count = 0
    places: list[int] = []
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        clear = np.ones(len(block), dtype=bool)
        for begin in range(0, count, BLOCK):
            clear &= (block @ kept[begin : min(count, begin + BLOCK)].T).max(axis=1) < threshold
        fresh = _greedy(block, np.flatnonzero(clear), threshold)
        kept[count : count + len(fresh)] = block[fresh]
        count += len(fresh)
        places += (start + fresh).tolist()
    return places


def _greedy(block: NDArray[np.float32], candidates: NDArray[np.intp], threshold: float) -> NDArray[np.intp]:
    alike = block[candidates] @ block[candidates].T >= threshold
    blocked = np.zeros(len(candidates), dtype=bool)
    chosen = []
    for i in range(len(candidates)):
        if not blocked[i]:
            chosen.append(i)
            blocked |= alike[i]
    return candidates[chosen]


def ngrams(text: str, size: int) -> Iterator[tuple[str, ...]]:
    """Runs of exactly `size` words; none in a shorter text."""
    words = words_of(text)
    return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))
