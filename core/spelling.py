"""Naming the right word when a wrong one was written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def close_to(wrong: str, right: Iterable[str]) -> str:
    """The nearest right word, empty when none is near."""
    return next(iter(difflib.get_close_matches(wrong, sorted(right), n=1)), "")


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """A clause that names the nearest right word, if one is near, and all there are."""
    names = sorted(right)
    near = close_to(wrong, names)
    hint = f'did you mean "{near}"? ' if near else ""
    return f"{hint}known are {', '.join(names)}" if names else "none are known"
