"""Adapters: weights that are trained and added to the embedded model's, named by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from burnish.agent.directory import RunDirectory
from burnish.agent.embedded import GGUF_MAGIC
from burnish.config import RunConfig
from burnish.errors import ConfigError

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


def adapters_of(directory: RunDirectory, config: RunConfig) -> dict[str, Path]:
    """The adapters of a run by id: the configured one first, then those it trained."""
    given = [adapter_file(config.models.task.adapter)] if config.models.task.adapter else []
    trained = sorted(directory.training.glob(f"*/{ADAPTER_FILE}"))
    return {adapter_id(file): file for file in [*given, *trained]}
