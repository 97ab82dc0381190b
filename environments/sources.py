"""The files that an environment is made from, known by their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from burnish.paths import files_in, names_function
from burnish.protocols import FromFiles
from burnish.types import JsonValue


def digests(spec: str, options: Mapping[str, JsonValue], environment: object) -> dict[str, JsonValue]:
    """SHA-256 of each file by its path: those of `spec` and `options`, and those the environment says it reads."""
    texts = [spec, *(v for v in options.values() if isinstance(v, str) and names_function(v))]
    paths = [named.path for text in texts for named in files_in(text)]
    if isinstance(environment, FromFiles):
        paths += [Path(path) for path in environment.files]
    return {str(path.resolve()): digest(path) for path in paths if path.is_file()}


def digest(path: Path) -> str:
    """SHA-256 of a file in hex; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def changed(known: JsonValue) -> list[Path]:
    """The files that are not what `digests` saw, or are gone."""
    return [Path(path) for path, seen in known.items() if digest(Path(path)) != seen] if isinstance(known, dict) else []
