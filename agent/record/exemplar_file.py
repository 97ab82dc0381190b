"""Exemplars as a file of JSON Lines, each with its papers, so that another run can take them in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from burnish.agent.record.program_file import FileExemplar
from burnish.errors import ConfigError, ExportExists, StorageError
from burnish.files import Unreadable, parsed_json, read_text
from burnish.tables import validated
from burnish.types import JsonValue


class CarriedExemplar(FileExemplar):
    """An exemplar on its way from one run to another: beside what a program file says of it, the `run` with the `head`
    of its chain of hashes and the `iteration`, the `environment`, `sharing` as the model's terms have it, the
    `tasks_licence`, and who exported it when.
    """

    format: Literal[1] = 1
    environment: str
    run: str = ""
    head: str = ""
    iteration: int = 0
    sharing: str = ""
    tasks_licence: str = ""
    who: str = ""
    when: str = ""


WANTED = "give a file that `burnish memory export` wrote"


def read_exemplars(path: Path) -> list[CarriedExemplar]:
    """What a file holds, a line each.

    Raises:
        ConfigError: it cannot be read, or a line is no exemplar.

    """
    try:
        lines = read_text(path).split("\n")
    except Unreadable as error:
        raise ConfigError(f"{error}; {WANTED}") from None
    found = [_read(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise ConfigError(f"{path} holds no exemplars; {WANTED}")
    return found


def _read(line: str, where: str) -> CarriedExemplar:
    try:
        said = parsed_json(line, where, wanted=WANTED)
    except Unreadable as error:
        raise ConfigError(str(error)) from None
    if not isinstance(said, dict):
        raise ConfigError(f"{where} is no JSON object; {WANTED}")
    return validated(CarriedExemplar, said, where)


def as_json(carried: CarriedExemplar) -> Mapping[str, JsonValue]:
    """What a line says; what is empty is left out."""
    said: dict[str, JsonValue] = carried.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in said.items() if value not in ("", [])}


def write_exemplars(path: Path, exemplars: Sequence[CarriedExemplar]) -> None:
    """Write a file, all of it or nothing.

    Raises:
        ExportExists: something is there already.
        StorageError: it cannot be written.

    """
    if path.exists():
        raise ExportExists(f"{path} exists already; give another file")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text("".join(f"{json.dumps(as_json(one), sort_keys=True)}\n" for one in exemplars), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {error.strerror}; give another file") from None
