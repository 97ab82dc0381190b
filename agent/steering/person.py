"""Who changes something in a run by hand, when, and what they say."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from burnish.errors import ConfigError


def user() -> str:
    """Who sits at this machine."""
    return getpass.getuser()


def now() -> str:
    """The time of day in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def in_words(text: str, name: str) -> str:
    """A text on one line.

    Raises:
        ConfigError: there is nothing in it.

    """
    words = " ".join(text.split())
    if not words:
        raise ConfigError(f"--{name} is empty; say it in a few words")
    return words
