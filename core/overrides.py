"""`key.sub=value` assignments over plain values, as the command line takes them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from burnish.errors import ConfigError


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
