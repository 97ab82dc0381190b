"""Reading a JSONL file: one JSON object a line."""

from __future__ import annotations

import gzip
import json
import math
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.environments.adapters.paths import regular_file
from burnish.errors import PluginError
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
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = 1 + content[: error.start].count(b"\n")
        raise PluginError(f"{path}, line {number}: is not UTF-8; save the file as UTF-8") from None
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            yield Line(f"{path}, line {number}:", number, _object(line, f"{path}, line {number}:"))


def _content(path: Path, *, gzipped: bool) -> bytes:
    try:
        content = path.read_bytes()
        if not content.startswith(GZIP):
            return content
        if gzipped:
            return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise PluginError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    raise PluginError(f"{path} is compressed; unpack it (`gunzip --keep {path}`) and name the file that comes of it")


def _object(line: str, where: str) -> dict[str, JsonValue]:
    try:
        value = json.loads(
            line, parse_constant=_constant, parse_int=_integer, parse_float=_float, object_pairs_hook=_unique
        )
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise PluginError(f"{where} holds half a character (a lone surrogate)") from None
    except json.JSONDecodeError as error:  # its own message counts lines, of which this is always the first
        many = "; a file that is one list must be written as lines" if line.strip().startswith("[") else ""
        raise PluginError(
            f"{where} is not JSON ({error.msg}: column {error.colno}); write one JSON object a line{many}"
        ) from None
    except RecursionError:
        raise PluginError(f"{where} is nested too deeply to be read; write it with fewer levels") from None
    except ValueError as error:
        raise PluginError(f"{where} {error}") from None
    if not isinstance(value, dict):
        raise PluginError(f"{where} is not a JSON object but {_KINDS[type(value)]}; write one object a line")
    return value


_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _constant(constant: str) -> object:
    raise ValueError(f"is not JSON ({constant} is no JSON value); write one JSON object a line")


def _integer(digits: str) -> int:
    most = sys.get_int_max_str_digits()
    if most and len(digits.lstrip("-")) > most:
        raise ValueError(f"holds a number of {len(digits.lstrip('-'))} digits, more than can be read; write it as text")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"holds the number {digits[:20]}, larger than can be reckoned with; write it as text")
    return number


def _unique(pairs: Sequence[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'holds the key "{twice}" more than once in one object; leave one of them out')
    return values
