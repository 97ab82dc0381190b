"""Tables of settings as plain values: overridden, validated, and with one sentence for whatever is wrong in them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from burnish.errors import ConfigError
from burnish.spelling import nearest

M = TypeVar("M", bound=BaseModel)


def read_toml(path: Path | str, wanted: str) -> dict[str, Any]:
    """The tables of a TOML file; `wanted` says what to give where there is none.

    Raises:
        ConfigError: it cannot be read, or is no TOML.

    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; give {wanted}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def validated(model: type[M], data: Mapping[str, Any], source: str, *, context: object = None) -> M:
    """Plain values as a table of settings; `context` is for its validators, such as those of `burnish.paths`.

    Raises:
        ConfigError: naming the key, what is wrong with it and the nearest right one.

    """
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_explain(model, error)}") from None


def apply_overrides(data: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """A copy of `data` with `key.sub=value` assignments applied; a value that is no TOML is a string."""
    result = _deep_copy(data)
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not key:
            raise ConfigError(f"-o {override!r} is not of the form key.sub=value; for example -o sampling.tasks=16")
        try:
            value = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
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


def without_none(value: Any) -> Any:
    """Plain values without those that are None, for which TOML has no word."""
    if isinstance(value, dict):
        return {k: without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_none(v) for v in value]
    return value


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        names = sorted(_names_at(model, path[:-1]))
        known = f"known are {', '.join(names)}"
        if len(path) == 1:
            known += f", and an option of the environment is environment_options.{key}"
        return f"unknown key {key}; {nearest(path[-1], names, otherwise=known)}"
    if first["type"] == "literal_error":
        expected = first["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"{key} = {first['input']!r} is not known; {nearest(str(first['input']), expected)}"
    message = first["msg"].removeprefix("Value error, ").replace("tuple", "list")
    shown = "..." if path[-1] == "api_key_env" else repr(first["input"])  # it may be the key itself
    return f"{key} = {shown}: {message[0].lower()}{message[1:]}"


def _names_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """The keys a table of the configuration takes."""
    from dataclasses import fields, is_dataclass
    from typing import get_args

    current: Any = model
    for name in (name for name in path if not name.isdigit()):  # those are places in a list
        annotation = current.model_fields[name].annotation
        options = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type)]
        current = next(a for a in options if is_dataclass(a) or issubclass(a, BaseModel))
    return [f.name for f in fields(current)] if is_dataclass(current) else list(current.model_fields)
