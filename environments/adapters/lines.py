"""Reading a JSONL file: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import PluginError
from burnish.spelling import close_to
from burnish.types import JsonValue


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


def read_lines(path: Path) -> Iterator[Line]:
    """The objects of a file in order; blank lines are passed over.

    Raises:
        PluginError: there is no such file, it is not UTF-8, or a line holds no JSON object.

    """
    if path == Path():
        raise PluginError("no file is named; write its path behind the colon")
    if not path.is_file():
        raise PluginError(f"there is no file {path} (looked in {path.absolute().parent})")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        number = 1 + path.read_bytes()[: error.start].count(b"\n")
        raise PluginError(f"{path}, line {number}: is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise PluginError(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield Line(f"{path}, line {number}:", number, _object(line, f"{path}, line {number}:"))


def _object(line: str, where: str) -> dict[str, JsonValue]:
    try:
        value = json.loads(line, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise PluginError(f"{where} holds half a character (a lone surrogate)") from None
    except (ValueError, RecursionError) as error:
        many = "; a file that is one list must be written as lines" if line.strip().startswith("[") else ""
        raise PluginError(f"{where} is not JSON ({error}); write one JSON object a line{many}") from None
    if not isinstance(value, dict):
        raise PluginError(f"{where} is not a JSON object but {_KINDS[type(value)]}; write one object a line")
    return value


_KINDS = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON value")
