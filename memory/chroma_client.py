"""Opening chroma on a folder of our own, and its errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from burnish.errors import StorageError
from burnish.memory.index import IndexDamaged

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api.client import Client

_NAME = "exemplars"
# SQLite's primary codes for: busy, locked, read-only, disk full, cannot open. Nothing is damaged then.
_UNUSABLE = {5, 6, 8, 13, 14}
_MOVED = 1032  # read-only because the file was removed while open


def connect(directory: Path) -> Client:
    """A client of its own for the folder, which is made if need be.

    `chromadb.PersistentClient` keeps one system a path for the life of the process, a broken one too, so that
    a rebuilt folder could not be opened; here a system that does not start is forgotten.
    """
    from chromadb.api import ServerAPI
    from chromadb.api.client import Client
    from chromadb.config import Settings, System

    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {directory} for the vector index cannot be made: {error}.") from error
    settings = Settings(
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        is_persistent=True,
        persist_directory=str(directory),
        anonymized_telemetry=False,
    )
    system = System(settings)
    system.instance(ServerAPI)  # type: ignore[type-abstract]  # chroma looks the class up by its interface
    system.start()
    return Client.from_system(system)


def open_collection(client: Client) -> Collection:
    """The collection of exemplars, made if need be: cosine, no embedding function (chroma would fetch a model)."""
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(_NAME, embedding_function=None)
    except NotFoundError:
        # The graph is searched only beyond what fits in RAM; more than chroma's own effort would double each write.
        hnsw = CreateHNSWConfiguration(space="cosine", ef_search=200, ef_construction=100, max_neighbors=16)
        return client.create_collection(_NAME, embedding_function=None, configuration={"hnsw": hnsw})


@contextmanager
def chroma_errors(directory: Path) -> Iterator[None]:
    """Turn chroma's errors into `IndexDamaged`, or `StorageError` where the files are not at fault."""
    from chromadb.errors import ChromaError

    try:
        yield
    except ChromaError as error:
        code = re.search(r"\(code: (\d+)\)", str(error))
        number = int(code[1]) if code else 0
        if number % 256 in _UNUSABLE and number != _MOVED and directory.exists():
            raise StorageError(f"The vector index in {directory} cannot be used: {error}.") from error
        raise IndexDamaged(
            f"The vector index in {directory} cannot be read ({error}): remove it and rebuild it from the journal."
        ) from error
