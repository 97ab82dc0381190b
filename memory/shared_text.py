"""What many tasks have in common, such as a passage that many questions are about: it says little of their likeness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from burnish.memory.embedding import Embedder
from burnish.types import content_hash

LEAST, SHARE = 3, 0.05
"""Texts, and the share of all texts, that have a part in common from which on it is shared."""
DOMINATING = 2.0
"""How many times as long as the rest of a text its shared parts are from which on they are set apart. A shared line
that is shorter, such as what is asked of each text, tells kinds of tasks apart."""
WEIGHT = 0.25
"""The weight of shared parts in the likeness of texts of which they are set apart."""

_PARTS = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class SharedText:
    """The parts (sentences or lines) that many texts have in common, by their digests."""

    digests: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """The parts that at least `LEAST` of these texts and a share of `SHARE` have in common."""
        counts, number = Counter[str](), 0
        for text in texts:
            number += 1
            counts.update({content_hash(part) for part in _parts(text)})
        least = max(LEAST, SHARE * number)
        return cls(frozenset(digest for digest, count in counts.items() if count >= least))

    def apart(self, text: str) -> tuple[str, str]:
        """What is a text's own, and what it shares with many; all is its own unless the shared parts dominate."""
        if not self.digests:
            return text, ""
        own, shared = list[str](), list[str]()
        for part in _parts(text):
            (shared if content_hash(part) in self.digests else own).append(part)
        if not own or _words(shared) < DOMINATING * _words(own):
            return text, ""
        return "\n".join(own), "\n".join(shared)


class ApartEmbedder:
    """Texts as vectors in which what they share with many others weighs little."""

    def __init__(self, embedder: Embedder, shared: SharedText) -> None:
        self._embedder, self._shared = embedder, shared
        self.dimensions = embedder.dimensions
        said = content_hash(*sorted(shared.digests)) if shared.digests else ""
        self.name = f"{embedder.name} apart from {said}" if said else embedder.name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        parts = [self._shared.apart(text) for text in texts]
        vectors = self._embedder.embed([own for own, _ in parts])
        places = [i for i, (_, shared) in enumerate(parts) if shared]
        if places:
            common = self._embedder.embed([parts[i][1] for i in places])
            mixed = np.sqrt(1 - WEIGHT) * vectors[places] + np.sqrt(WEIGHT) * common
            vectors[places] = mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)
        return vectors


def _parts(text: str) -> list[str]:
    return [part for part in (" ".join(found.split()) for found in _PARTS.split(text)) if part]


def _words(parts: Iterable[str]) -> int:
    return sum(len(part.split()) for part in parts)
