"""Levels that an adapter's library names, in an order of their own."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.errors import ConfigError
from burnish.spelling import close_to


def no_level(spec: str, level: str, levels: Sequence[str]) -> ConfigError:
    """The error that names the levels there are, in their order."""
    if not levels:
        return ConfigError(f'"{spec}" has no level "{level}"; it has no levels')
    near = "" if level.isdecimal() else close_to(level, levels)
    hint = f'did you mean "{near}"? ' if near else ""
    return ConfigError(f'"{spec}" has no level "{level}"; {hint}known are {", ".join(levels)}')
