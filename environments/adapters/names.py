"""Naming what somebody meant, where all there is would be too long a list or has an order of its own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from burnish.errors import ConfigError
from burnish.spelling import close_to


def nearest(wrong: str, right: Iterable[str], *, otherwise: str, most: int = 1) -> str:
    """A question that names the nearest right names, upper and lower case being one; `otherwise` where none is near."""
    names = {name.casefold(): name for name in sorted(right)}
    near = [f'"{names[name]}"' for name in difflib.get_close_matches(wrong.casefold(), names, n=most)]
    listed = " or ".join(filter(None, [", ".join(near[:-1]), *near[-1:]]))
    return f"did you mean {listed}?" if near else otherwise


def no_level(spec: str, level: str, levels: Sequence[str]) -> ConfigError:
    """The error that names the levels there are, in their order."""
    if not levels:
        return ConfigError(f'"{spec}" has no level "{level}"; it has no levels')
    near = "" if level.isdecimal() else close_to(level, levels)
    hint = f'did you mean "{near}"? ' if near else ""
    return ConfigError(f'"{spec}" has no level "{level}"; {hint}known are {", ".join(levels)}')
