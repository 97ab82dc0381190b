"""Adapters: weights that are trained and added to the embedded model's, named by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from burnish.agent.models.embedded import GGUF_MAGIC, EmbeddedServer
from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig
from burnish.errors import ConfigError, StorageError

ADAPTER_FILE = "adapter.gguf"


def adapter_file(given: str) -> Path:
    """The file of an adapter, given as that or as the folder that `burnish train` wrote.

    Raises:
        ConfigError: there is none.

    """
    path = Path(given).expanduser()
    file = path / ADAPTER_FILE if path.is_dir() else path
    if not file.is_file():
        raise ConfigError(f"there is no adapter at {file}; give the folder that `burnish train` wrote, or a GGUF file")
    with file.open("rb") as stream:
        if stream.read(len(GGUF_MAGIC)) != GGUF_MAGIC:
            raise ConfigError(f"{file} is no GGUF file; give the folder that `burnish train` wrote")
    return file


def adapter_id(file: Path) -> str:
    """First 16 hex digits of the SHA-256 of an adapter's file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


class AdapterServers:
    """The servers of one model with an adapter each, started as they are needed.

    `files` are the adapters that are known, by name; more may be put in. One server could hold them all, see
    `EmbeddedServer`, but with servers of their own no prompt is read with one adapter and answered with another.
    """

    def __init__(self, weights: Path, files: Mapping[str, Path], *, slots: int) -> None:
        self.files = dict(files)
        self._weights = weights
        self._slots = slots
        self._running: dict[str, EmbeddedServer] = {}

    def url(self, name: str) -> str:
        """Where the API of the model with an adapter is served.

        Raises:
            StorageError: its file is gone.

        """
        if name not in self._running:
            file = self.files.get(name)
            if file is None or not file.is_file():
                raise StorageError(f"the adapter {name} is gone from where the run had it; restore it from a copy")
            self._running[name] = EmbeddedServer(self._weights, slots=self._slots, adapter=file).__enter__()
        return self._running[name].base_url

    def stop_all(self) -> None:
        """Stop what runs; no request may be in flight. What is needed again starts again."""
        while self._running:
            self._running.popitem()[1].__exit__(None, None, None)


def adapters_of(directory: RunDirectory, config: RunConfig) -> dict[str, Path]:
    """The adapters of a run by id: the configured one first, then those it trained."""
    given = [adapter_file(config.models.task.adapter)] if config.models.task.adapter else []
    trained = sorted(directory.training.glob(f"*/{ADAPTER_FILE}"))
    return {adapter_id(file): file for file in [*given, *trained]}
