"""How many actions a play may take."""

from __future__ import annotations

from burnish.errors import ConfigError


def turns_of(spec: str, option: str, turns: int, usual: int) -> int:
    """The turns that an option asks for; 0 are the usual ones.

    Raises:
        ConfigError: they are fewer than 0.

    """
    if turns < 0:
        raise ConfigError(f'"{spec}": {option} is {turns}; give the most actions of a play, or 0 for the usual {usual}')
    return turns or usual
