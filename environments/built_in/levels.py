"""The dial of difficulty that built-in environments share: an option `level`, empty for all levels mixed."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.errors import ConfigError
from burnish.spelling import did_you_mean


def chosen_levels(environment: str, level: str, levels: Sequence[str]) -> tuple[str, ...]:
    """The levels that the option `level` asks for.

    Raises:
        ConfigError: there is no such level; the message names those there are.

    """
    if level == "":
        return tuple(levels)
    if level not in levels:
        raise ConfigError(f'{environment}: no level is called "{level}"; {did_you_mean(str(level), levels)}')
    return (level,)
