"""Reading a JSONL file: one JSON object a line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from burnish.environments.adapters.paths import regular_file
from burnish.errors import PluginError
from burnish.files import MOST_BYTES, Unreadable, decoded, parsed_json, read_bytes
from burnish.spelling import close_to
from burnish.types import JsonValue

GZIP = b"\x1f\x8b"
"""What a file that gzip made begins with."""


@dataclass(frozen=True)
class Line:
    """One object of a file; `where` names file and line."""

    where: str
    number: int
    values: Mapping[str, JsonValue]

    def value(self, field: str) -> JsonValue:
        """The value of a field.

        Raises:
            PluginError: the line lacks it.

        """
        if field not in self.values:
            near = close_to(field, self.values)
            hint = f'did you mean "{near}"? ' if near else ""
            raise self.broken(f'has no field "{field}"; {hint}it has {", ".join(self.values) or "none"}')
        return self.values[field]

    def text(self, field: str) -> str:
        """The text of a field.

        Raises:
            PluginError: the line lacks it, or it is empty or no text.

        """
        value = self.value(field)
        if not isinstance(value, str) or not value.strip():
            raise self.broken(f'has a field "{field}" that is {"empty" if value in ("", None) else "no text"}')
        return value

    def broken(self, what: str) -> PluginError:
        """The error that names file, line and problem."""
        return PluginError(f"{self.where} {what}")


def read_lines(path: Path, *, gzipped: bool = False) -> Iterator[Line]:
    """The objects of a file in order; blank lines are passed over. `gzipped` is whether gzip may have packed it.

    Raises:
        PluginError: there is no such file, it is not UTF-8, or a line holds no JSON object.

    """
    if path == Path():
        raise PluginError("no file is named; write its path behind the colon")
    content = _content(regular_file(path), gzipped=gzipped)
    try:
        text = decoded(content, str(path))
    except Unreadable as error:
        raise PluginError(str(error)) from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield Line(f"{path}, line {number}:", number, _object(line, f"{path}, line {number}:"))


def _content(path: Path, *, gzipped: bool) -> bytes:
    try:
        content = read_bytes(path)
        if not content.startswith(GZIP):
            return content
        if gzipped:
            return _unpacked(content, path)
    except Unreadable as error:
        raise PluginError(str(error)) from None
    except (OSError, EOFError, zlib.error) as error:
        raise PluginError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    raise PluginError(f"{path} is compressed; unpack it (`gunzip --keep {path}`) and name the file that comes of it")


def _unpacked(content: bytes, path: Path) -> bytes:
    """What gzip packed, as far as a file may be long; a small file may hide one that fills the memory."""
    with gzip.GzipFile(fileobj=BytesIO(content)) as packed:
        unpacked = packed.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise Unreadable(f"{path} unpacks to more than {MOST_BYTES >> 20} MiB, more than is read")
    return unpacked


def _object(line: str, where: str) -> dict[str, JsonValue]:
    many = "; a file that is one list must be written as lines" if line.strip().startswith("[") else ""
    try:
        value = parsed_json(line, where, wanted=f"write one JSON object a line{many}")
    except Unreadable as error:
        raise PluginError(str(error)) from None
    if not isinstance(value, dict):
        raise PluginError(f"{where} is not a JSON object but {_KINDS[type(value)]}; write one object a line")
    return value


_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}
