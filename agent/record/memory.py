"""Opening the memory of a run: the embedder, the index, and the journal's exemplars over it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

from burnish.agent.record.by_hand import as_held, forgotten
from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig
from burnish.errors import BurnishError
from burnish.memory.embedding import Embedder, open_embedder
from burnish.memory.embedding_cache import CachedEmbedder
from burnish.memory.form import FormEmbedder, Joint, JointEmbedder
from burnish.memory.index import IndexDamaged, VectorIndex
from burnish.memory.journal_reader import JournalReader
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.shared_text import ApartEmbedder, SharedText
from burnish.memory.store import Memory
from burnish.types import Exemplar

SHARED = "shared text"
"""Under which name the journal keeps what tasks have in common."""
NOTHING_SHARED = SharedText()
TEXTS_IN_RAM = 4096
"""Tasks whose joint vectors are kept: an iteration looks at each of its tasks several times."""


def open_memory(directory: RunDirectory, config: RunConfig, journal: JournalReader, meaning: Embedder) -> Memory:
    """The exemplars of the journal over the index as it is.

    Raises:
        IndexDamaged: the index cannot be read.
    """
    known = as_held(journal.exemplars(), forgotten(journal, journal.iterations()))
    return _memory(config, journal, meaning, known, lambda size: open_index(directory, config, size))


def likeness(meaning: Embedder, form: float, shared: SharedText = NOTHING_SHARED) -> Embedder:
    """By what texts are alike: `form` is the share of how they are built, the rest is their meaning. What many tasks
    share weighs little.
    """
    if form == 0:
        return ApartEmbedder(meaning, shared)
    if form == 1:
        return ApartEmbedder(FormEmbedder(), shared)
    joint = JointEmbedder(meaning, FormEmbedder(), share=form)
    return CachedEmbedder(ApartEmbedder(joint, shared), in_ram=TEXTS_IN_RAM)


def recalled_memory(directory: RunDirectory, config: RunConfig, journal: JournalReader, revision: int) -> Memory:
    """The exemplars alive at a revision, to be looked into: in RAM, and nothing beside the run is written."""
    meaning = open_meaning(directory, config, read_only=True)
    return _in_ram(config, journal, meaning, journal.exemplars_at(revision))


def whole_memory(config: RunConfig, journal: JournalReader, meaning: Embedder) -> Memory:
    """The exemplars of every revision, to be looked into: in RAM, and nothing is written."""
    return _in_ram(config, journal, meaning, journal.exemplars())


def _in_ram(config: RunConfig, journal: JournalReader, meaning: Embedder, exemplars: Sequence[Exemplar]) -> Memory:
    memory = _memory(config, journal, meaning, exemplars, NumpyIndex)
    memory.reconcile()
    return memory


def run_embedder(directory: RunDirectory, config: RunConfig, journal: JournalReader) -> Embedder:
    """That by which texts are alike in a run, to look into it: nothing beside the run is written."""
    return likeness(open_meaning(directory, config, read_only=True), config.memory.form, shared_text(journal))


def _memory(
    config: RunConfig,
    journal: JournalReader,
    meaning: Embedder,
    exemplars: Sequence[Exemplar],
    index_of: Callable[[int], VectorIndex],
) -> Memory:
    """Exemplars over an index that is made for vectors of a size."""
    form = config.memory.form
    embedder = likeness(meaning, form, shared_text(journal))
    joint = Joint(meaning.dimensions, form) if 0 < form < 1 else None
    return Memory(exemplars, embedder=embedder, index=index_of(embedder.dimensions), joint=joint)


def shared_text(journal: JournalReader) -> SharedText:
    """What the tasks of a run have in common, as far as it was looked at before the first iteration."""
    known = journal.meta(SHARED)
    return SharedText(frozenset(map(str, known))) if isinstance(known, list) else NOTHING_SHARED


def index_difference(directory: RunDirectory, config: RunConfig, journal: JournalReader) -> str | None:
    """In what the index of a run differs from its journal, or why it cannot be read; None where it equals it, and where
    it is made anew at each start. The caller holds the run.
    """
    if config.memory.index == "numpy":
        return None
    try:
        memory = open_memory(directory, config, journal, open_meaning(directory, config))
        difference = memory.disagreement()
        memory.index.close()
    except BurnishError as error:
        return str(error)
    return difference


def mended_memory(directory: RunDirectory, config: RunConfig, journal: JournalReader, meaning: Embedder) -> Memory:
    """`open_memory` with an index that equals the journal; a damaged one is made anew."""
    try:
        memory = open_memory(directory, config, journal, meaning)
        memory.reconcile()
    except IndexDamaged:
        shutil.rmtree(directory.index, ignore_errors=True)
        memory = open_memory(directory, config, journal, meaning)
        memory.reconcile()
    return memory


def open_meaning(
    directory: RunDirectory, config: RunConfig, *, read_only: bool = False, threads: int | None = None
) -> CachedEmbedder:
    """The configured embedder, with what it embedded kept beside the run; nothing is written if it is `read_only`."""
    return CachedEmbedder(
        open_embedder(config.memory.embedder, threads=threads), directory.path / "embeddings.db", read_only=read_only
    )


def open_index(directory: RunDirectory, config: RunConfig, dimensions: int) -> VectorIndex:
    """The index the configuration names. The numpy one lives in RAM and is filled from the journal."""
    if config.memory.index == "numpy":
        return NumpyIndex(dimensions)
    from burnish.memory.chroma_index import ChromaIndex

    return ChromaIndex(directory.index, dimensions)
