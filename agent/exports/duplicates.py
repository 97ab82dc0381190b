"""Near-duplicates among texts: of those that are nearly the same exactly one survives."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from burnish.policies.novelty import BLOCK, Taken, nearest_cosines
from burnish.types import canonical_text

T = TypeVar("T")

SHINGLE = 3
"""Words of a shingle."""

_WORD = re.compile(r"\w+|[^\w\s]")


def words_of(text: str) -> list[str]:
    """Words and marks, case aside."""
    return _WORD.findall(canonical_text(text).casefold())


def shingles(text: str, size: int = SHINGLE) -> set[str]:
    """All runs of `size` words; of a shorter text the text itself."""
    words = words_of(text)
    return {" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}


class ByWords:
    """Finds which of `texts` are alike by `threshold` in their sets of shingles (Jaccard, above 0).

    Exact, unlike MinHash, which finds a pair with some probability only: two sets alike by t have a common shingle
    among the first |x| - ceil(t |x|) + 1 of each in any one order, so only texts with such a shingle are compared; with
    the rarest first they are few (prefix filter: Chaudhuri et al. 2006, Bayardo et al. 2007).
    """

    def __init__(self, texts: Sequence[str], threshold: float) -> None:
        numbers: dict[str, int] = {}
        self._sets = [{numbers.setdefault(shingle, len(numbers)) for shingle in shingles(text)} for text in texts]
        self._often = Counter(chain.from_iterable(self._sets))
        self._threshold = threshold
        self._taken: dict[int, list[int]] = defaultdict(list)

    def take(self, place: int) -> None:
        """From now on compare with the text at `place`."""
        for shingle in self._rarest(place):
            self._taken[shingle].append(place)

    def alike(self, place: int) -> bool:
        """Whether the text at `place` is alike to one that was taken."""
        near = {other for shingle in self._rarest(place) for other in self._taken.get(shingle, ())}
        return any(jaccard(self._sets[place], self._sets[other]) >= self._threshold for other in near)

    def _rarest(self, place: int) -> list[int]:
        own = self._sets[place]
        common = math.ceil(self._threshold * len(own) - 1e-9)
        return sorted(own, key=lambda shingle: (self._often[shingle], shingle))[: len(own) - common + 1]


def survivors_by_words(texts: Sequence[str], threshold: float) -> list[int]:
    """The places of the texts that are kept: of any two that are alike at most the first, and of every text that goes
    one it is alike to stays.
    """
    words = ByWords(texts, threshold)
    kept = []
    for place in range(len(texts)):
        if not words.alike(place):
            words.take(place)
            kept.append(place)
    return kept


def alike_by_words(texts: Sequence[str], others: Sequence[str], threshold: float) -> list[int]:
    """The places of the texts that are alike to one of the others."""
    words = ByWords([*texts, *others], threshold)
    for place in range(len(others)):
        words.take(len(texts) + place)
    return [place for place in range(len(texts)) if words.alike(place)]


def jaccard(a: AbstractSet[T], b: AbstractSet[T]) -> float:
    """Size of what is common by size of what is in either."""
    common = len(a & b)
    return common / (len(a) + len(b) - common)


def survivors_by_vectors(vectors: NDArray[np.float32], threshold: float) -> list[int]:
    """The same by cosine: `vectors` of shape (n, d) and unit length. Exact."""
    taken = Taken(vectors)
    kept = []
    for place in range(len(vectors)):
        if taken.nearest(place) < threshold:
            taken.take(place)
            kept.append(place)
    return kept


def alike_by_vectors(vectors: NDArray[np.float32], others: NDArray[np.float32], threshold: float) -> list[int]:
    """The places of the vectors whose cosine to one of the others is `threshold` or more."""
    starts = range(0, len(vectors), BLOCK)
    nearest = [nearest_cosines(vectors[start : start + BLOCK], others) for start in starts]
    return [int(place) for place in np.flatnonzero(np.concatenate([np.empty(0), *nearest]) >= threshold)]


def ngrams(text: str, size: int) -> Iterator[tuple[str, ...]]:
    """Runs of exactly `size` words; none in a shorter text."""
    words = words_of(text)
    return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))
