"""The files that an environment is made from: named so that they are found from any folder, known by their digests."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from burnish.protocols import FromFiles
from burnish.types import JsonValue

_FUNCTION = re.compile(r"[^\n]+\.py:\w+")


@dataclass(frozen=True)
class _Named:
    """A file within a text, and what stands around it."""

    before: str
    path: Path
    after: str

    def anywhere(self) -> str:
        """The text with the file's absolute path."""
        return f"{self.before}{self.path.expanduser().resolve()}{self.after}"


def anywhere(spec: str) -> str:
    """The specification of an environment with its file, if it names one, as an absolute path."""
    named = next(_files(spec), None)
    return named.anywhere() if named else spec


def option_anywhere(value: JsonValue) -> JsonValue:
    """An option with its file as an absolute path, where it names a function as `path/to/file.py:name`."""
    return anywhere(value) if isinstance(value, str) and _FUNCTION.fullmatch(value) else value


def digests(spec: str, options: Mapping[str, JsonValue], environment: object) -> dict[str, JsonValue]:
    """SHA-256 of each file by its path: those of `spec` and `options`, and those the environment says it reads."""
    texts = [spec, *(v for v in options.values() if isinstance(v, str) and _FUNCTION.fullmatch(v))]
    paths = [named.path for text in texts for named in _files(text)]
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


def _files(text: str) -> Iterator[_Named]:
    """The file that a text names, as `path.py:name`, `scheme:path` or `scheme:path@task`, if there is one."""
    file, colon, name = text.rpartition(":")
    scheme, _, target = text.partition(":")
    path, at, task = target.rpartition("@")
    if colon and file.endswith(".py"):
        yield _Named("", Path(file), f":{name}")
    elif target and os.path.isfile(target):  # noqa: PTH113 (a name too long is none, and no error)
        yield _Named(f"{scheme}:", Path(target), "")
    elif at and os.path.isfile(path):  # noqa: PTH113
        yield _Named(f"{scheme}:", Path(path), f"@{task}")
