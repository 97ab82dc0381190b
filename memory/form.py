"""Likeness of form: how a text is built rather than what it is about.

A small model copies the *pattern* of its exemplars, and sentence embeddings look past patterns: of the four
nearest exemplars by meaning alone, only half were sentences of the same build as the task.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burnish.memory.embedding import Embedder

_WORD = re.compile(r"\w+|[^\w\s]")
_LONGEST = 20_000
"""Characters of a text that are looked at."""


class FormEmbedder:
    """Word n-grams up to `n`, hashed to signed dimensions (Weinberger et al. 2009), names and numbers masked.

    A run of capitalised words is one mark and a word with a digit another, so that texts differing only in whom and
    how many they mention are alike. Needs no model and is the same on every machine.
    """

    def __init__(self, dimensions: int = 256, *, n: int = 3) -> None:
        self.dimensions = dimensions
        self.name = f"form-{dimensions}-{n}"
        self._n = n

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for gram in self._grams(text):
                code = zlib.crc32(gram.encode("utf-8", "surrogatepass"))
                vectors[row, code % self.dimensions] += 1.0 if code >> 31 else -1.0
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _grams(self, text: str) -> list[str]:
        marks = ["^"]
        for word in _WORD.findall(text[:_LONGEST]):
            mark = "0" if any(c.isdigit() for c in word) else "A" if word[0].isupper() else word
            if mark != "A" or marks[-1] != "A":
                marks.append(mark)
        marks.append("$")
        return [" ".join(marks[i : i + k]) for k in range(1, self._n + 1) for i in range(len(marks) - k + 1)]


@dataclass(frozen=True)
class Joint:
    """How the vectors of a `JointEmbedder` are made up: `meaning` is how many dimensions are of meaning, those after it
    are of form, and `share` is the weight of form.
    """

    meaning: int
    share: float

    def parts(self, vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Meaning and form of joint vectors (n, d), each of unit length."""
        meaning, form = vectors[:, : self.meaning], vectors[:, self.meaning :]
        return meaning / np.float32(np.sqrt(1 - self.share)), form / np.float32(np.sqrt(self.share))

    def weighed(self, queries: NDArray[np.float32], share: float, rarity: NDArray[np.float32]) -> NDArray[np.float32]:
        """Queries (n, d) whose products with joint vectors are likenesses in which form weighs `share`, and each
        dimension of form its `rarity`, shape (form,). A text has likeness 1 with itself.
        """
        meaning, form = self.parts(queries)
        form = form * np.sqrt(rarity)
        form /= np.maximum(np.linalg.norm(form, axis=1, keepdims=True), np.float32(1e-9))
        weighed: NDArray[np.float32] = np.hstack(
            [
                meaning * np.float32((1 - share) / np.sqrt(1 - self.share)),
                form * np.sqrt(rarity) * np.float32(share / np.sqrt(self.share)),
            ]
        )
        weighed /= np.maximum((weighed * queries).sum(axis=1, keepdims=True), np.float32(1e-9))
        return weighed


class JointEmbedder:
    """Two embedders side by side: the cosine of joint vectors is the mean of the two cosines, `share` being the weight
    of the second.
    """

    def __init__(self, first: Embedder, second: Embedder, *, share: float = 0.5) -> None:
        self._weighted = ((first, np.float32(np.sqrt(1 - share))), (second, np.float32(np.sqrt(share))))
        self.name = f"{first.name}+{second.name}" + ("" if share == 0.5 else f" at {share:g}")
        self.dimensions = first.dimensions + second.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        joint: NDArray[np.float32] = np.hstack([embedder.embed(texts) * weight for embedder, weight in self._weighted])
        return joint
