"""Words in sentences: the right one where a wrong one was written, and a noun in its number."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def several(number: int, noun: str) -> str:
    """A count with its noun, which takes an s for its plural."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Such as "40 s", "7 min" and "1 h 05 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def close_to(wrong: str, right: Iterable[str]) -> str:
    """The nearest right word, empty when none is near."""
    return next(iter(difflib.get_close_matches(wrong, sorted(right), n=1)), "")


def nearest(wrong: str, right: Iterable[str], *, otherwise: str = "", most: int = 1) -> str:
    """A question that names the nearest right words, upper and lower case being one.

    Where none is near it is `otherwise`, or by default all there are.
    """
    known = sorted(right)
    names = {name.casefold(): name for name in known}
    near = [f'"{names[name]}"' for name in difflib.get_close_matches(wrong.casefold(), names, n=most)]
    listed = " or ".join(filter(None, [", ".join(near[:-1]), *near[-1:]]))
    return f"did you mean {listed}?" if near else otherwise or f"known are {', '.join(known)}"


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """A clause that names the nearest right word, if one is near, and all there are."""
    names = sorted(right)
    near = close_to(wrong, names)
    hint = f'did you mean "{near}"? ' if near else ""
    return f"{hint}known are {', '.join(names)}" if names else "none are known"
