"""Tables of settings as plain values: overridden, validated, and with one sentence for whatever is wrong in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from burnish.errors import ConfigError
from burnish.files import MOST_SETTINGS, Unreadable, decoded, parsed_toml, read_bytes
from burnish.keys import TableType, choice, declared_types, table_types
from burnish.servers import shown
from burnish.spelling import nearest

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path | str, wanted: str) -> dict[str, Any]:
    """The tables of a TOML file; `wanted` says what to give where there is none.

    Raises:
        ConfigError: it cannot be read, or is no TOML.

    """
    try:
        content = read_bytes(path, most=MOST_SETTINGS)
    except Unreadable as error:
        raise ConfigError(f"{error}; give {wanted}") from None
    try:
        return parsed_toml(decoded(content, str(path)), str(path))
    except Unreadable as error:
        said = str(error)
        raise ConfigError(said if "is not valid TOML" in said else f"{path} is not valid TOML: {said}") from None


def validated(model: type[M], data: Mapping[str, Any], source: str, *, table: str = "", context: object = None) -> M:
    """Plain values as a table of settings, which stand in `table` of what `source` names.

    `context` is for validators, such as those of `burnish.paths`.

    Raises:
        ConfigError: naming the key, what is wrong with it and the nearest right one.

    """
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        said = _explain(model, error.errors()[0], table)
        raise ConfigError(f"{source}: {said}" if source else said) from None


def apply_overrides(data: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """A copy of `data` with `key.sub=value` assignments applied; a value that is no TOML is a string."""
    result = _deep_copy(data)
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not key:
            raise ConfigError(f"-o {override!r} is not of the form key.sub=value; for example -o sampling.tasks=16")
        try:
            value = parsed_toml(f"v = {text}", "")["v"]
        except Unreadable:
            value = text
        *tables, last = key.strip().split(".")
        table = result
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ConfigError(f"-o {override!r}: {name} is a value, not a table; leave out what follows it")
        table[last] = value
    return result


def _deep_copy(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _deep_copy(v) if isinstance(v, Mapping) else v for k, v in data.items()}


def flat(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values of tables within tables by their whole names, such as `models.task.url`."""
    found: dict[str, Any] = {}
    for key, value in tables.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else {f"{prefix}{key}": value}
    return found


def is_endless(value: object) -> bool:
    """Whether a value is, or holds, what TOML calls `nan` or `inf`: no JSON has a word for it."""
    if isinstance(value, float):
        return not math.isfinite(value)
    held = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(map(is_endless, held))


def without_none(value: Any) -> Any:
    """Plain values without those that are None, for which TOML has no word."""
    if isinstance(value, dict):
        return {k: without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_none(v) for v in value]
    return value


def _explain(model: type[BaseModel], error: ErrorDetails, table: str) -> str:
    path, names = _place(model, error["loc"])
    key, given = ".".join([*filter(None, [table]), *path]), error["input"]
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = f"known are {', '.join(names)}"
        if "." not in key:
            known += f", and an option of the environment is environment_options.{key}"
        return f"unknown key {key}; {nearest(path[-1], names, otherwise=known)}"
    if error["type"] == "union_tag_invalid":
        return _not_known(f"{key}.name", error["ctx"]["tag"], error["ctx"]["expected_tags"])
    if error["type"] == "literal_error":
        return _not_known(key, given, error["ctx"]["expected"])
    wanted = next((said for kind, said in WANTED.items() if error["type"].startswith(kind)), "")
    message = wanted or error["msg"].removeprefix("Value error, ").replace("tuple", "list")
    return f"{key} = {shown(key, given)}: {message[0].lower()}{message[1:]}"


WANTED = {"bool_": "give true or false", "int_": "give a whole number", "float_": "give a number"}
"""What to give instead, by how the type of an error begins."""


def _not_known(key: str, given: object, expected: str) -> str:
    known = expected.replace("'", "").replace(" or ", ", ").split(", ")
    return f"{key} = {given!r} is not known; {nearest(str(given), known)}"


def _place(model: type[BaseModel], loc: Iterable[int | str]) -> tuple[list[str], list[str]]:
    """The keys that lead to an error, without the tags of unions, and the keys that are known where the last stands."""
    keys: list[str] = []
    known: list[str] = []
    inner: list[TableType] = [model]
    for part in loc:
        chosen = [one for one in inner if len(inner) > 1 and choice(one) == part]
        if chosen:
            inner = chosen
            continue
        keys.append(str(part))
        if isinstance(part, str):  # a number is a place in a list
            declared = declared_types(inner[0]) if inner else {}
            known, inner = sorted(declared), table_types(declared.get(part))
    return keys, known
