"""Texts of a configuration that name files, as types: each finds its file by itself when it is validated.

Where to look is the context of the validation (`Places`); without one a text is kept as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, GetCoreSchemaHandler, ValidationInfo
from pydantic_core.core_schema import CoreSchema, with_info_after_validator_function

from burnish.types import JsonValue

_FUNCTION = re.compile(r"[^\n]+\.py:\w+")


@dataclass(frozen=True)
class Places:
    """Where the files that a configuration names are looked for, and how they are written.

    A file that is not found from here is looked for in the folder `beside`. `absolute` writes every path out, so that
    it means the same from any folder.
    """

    beside: Path | None = None
    absolute: bool = False

    def find(self, name: str) -> str:
        """The path of the file or folder that a text names."""
        if self.beside is not None and not _exists(name) and _exists(self.beside / name):
            name = str(self.beside / name)
        return str(Path(name).expanduser().resolve()) if self.absolute else name


@dataclass(frozen=True)
class NamesFile:
    """Marks a text that is the path of a file or folder, unless it is empty or one of `words`."""

    words: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return with_info_after_validator_function(self._find, handler(source))

    def _find(self, text: str, info: ValidationInfo) -> str:
        places = info.context
        return places.find(text) if isinstance(places, Places) and text not in {"", *self.words} else text


FileName: TypeAlias = Annotated[str, NamesFile()]
"""The path of a file or folder; empty is none."""


def _spec(spec: str, info: ValidationInfo) -> str:
    return anywhere(spec) if isinstance(info.context, Places) and info.context.absolute else spec


def _option(value: JsonValue, info: ValidationInfo) -> JsonValue:
    return option_anywhere(value) if isinstance(info.context, Places) and info.context.absolute else value


EnvironmentSpec: TypeAlias = Annotated[str, AfterValidator(_spec)]
"""What names an environment. There may be a path in it: `path.py:Class`, `scheme:path`."""

FINDS_FUNCTION = AfterValidator(_option)
"""For options of an environment, which may name a function as `path/to/file.py:name`."""


@dataclass(frozen=True)
class Named:
    """A file within a text, and what stands around it."""

    before: str
    path: Path
    after: str

    def anywhere(self) -> str:
        """The text with the file's absolute path."""
        return f"{self.before}{self.path.expanduser().resolve()}{self.after}"


def anywhere(spec: str) -> str:
    """The specification of an environment with its file, if it names one, as an absolute path."""
    named = next(files_in(spec), None)
    return named.anywhere() if named else spec


def option_anywhere(value: JsonValue) -> JsonValue:
    """An option with its file as an absolute path, where it names a function as `path/to/file.py:name`."""
    return anywhere(value) if isinstance(value, str) and names_function(value) else value


def names_function(text: str) -> bool:
    """Whether a text names a function as `path/to/file.py:name`."""
    return bool(_FUNCTION.fullmatch(text))


def files_in(text: str) -> Iterator[Named]:
    """The file that a text names, as `path.py:name`, `scheme:path` or `scheme:path@task`, if there is one. It may
    be a folder with `jsonl:`.
    """
    file, colon, name = text.rpartition(":")
    scheme, _, target = text.partition(":")
    path, at, task = target.rpartition("@")
    if colon and file.endswith(".py"):
        yield Named("", Path(file), f":{name}")
    elif target and (os.path.isfile(target) or (scheme == "jsonl" and os.path.isdir(target))):  # noqa: PTH112, PTH113
        yield Named(f"{scheme}:", Path(target), "")
    elif at and os.path.isfile(path):  # noqa: PTH113
        yield Named(f"{scheme}:", Path(path), f"@{task}")


def _exists(path: str | Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 (a name too long is none, and no error)
