"""Plain values as JSON that keeps their types, on both sides of a sandbox's walls.

None, booleans, text and numbers stand for themselves; all else is a list of a letter and what belongs to it. What comes
out of a sandbox is built of nothing but None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset and
dict, of exactly these classes: an object that claims to equal everything cannot get across.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

SMALL = 1 << 63
"""Integers beyond are written in hexadecimal digits, of which Python reads any number."""

MOST_HASHED = 20_000
"""Elements a set or dictionary may have: keys that all collide cost the square of their number."""

MOST_ALIKE = 32
"""Elements of those that may have one hash: a thousand that do cost seconds."""

CONTAINERS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("l", list),
    ("t", tuple),
    ("s", set),
    ("f", frozenset),
)


class NotPlainError(TypeError):
    """A value that has no plain form."""


def dump(value: object) -> str:
    """The value on one line.

    Raises:
        NotPlainError: it is not made of plain values.
        RecursionError: it is nested too deeply, or in itself.

    """
    return json.dumps(encoded(value))


def encoded(value: Any) -> Any:
    """The value as JSON can hold it; instances of derived classes as what they derive from."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        return int(value) if -SMALL < value < SMALL else ["i", f"{value:x}"]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, complex):
        return ["c", [value.real, value.imag]]
    if isinstance(value, (bytes, bytearray)):
        return ["b", bytes(value).hex()]
    if isinstance(value, dict):
        return ["d", [[encoded(key), encoded(held)] for key, held in value.items()]]
    for letter, container in CONTAINERS:
        if isinstance(value, container):  # type: ignore[arg-type]
            return [letter, [encoded(element) for element in value]]
    raise NotPlainError(f"{type(value).__name__} is no plain value")


def load(line: str) -> Any:
    """The value on a line, which anybody may have written.

    Raises:
        ValueError: it is none.

    """
    try:
        return decoded(json.loads(line))
    except (TypeError, RecursionError) as error:
        raise ValueError(f"no plain value: {error}") from error


def decoded(data: Any) -> Any:
    """The inverse of `encoded`."""
    if isinstance(data, dict):
        raise TypeError("no plain value has braces")
    if not isinstance(data, list):
        return data
    letter, content = data
    if letter == "i":
        return int(content, 16)
    if letter == "c":
        real, imaginary = content
        return complex(float(real), float(imaginary))
    if letter == "b":
        return bytes.fromhex(content)
    if letter in {"s", "f", "d"} and len(content) > MOST_HASHED:
        raise ValueError(f"a set or dictionary has more than {MOST_HASHED} elements")
    if letter == "d":
        pairs = [(decoded(key), decoded(held)) for key, held in content]
        _check_hashes([key for key, _ in pairs])
        return dict(pairs)
    if letter in {"s", "f"}:
        content = [decoded(element) for element in content]
        _check_hashes(content)
        return (set if letter == "s" else frozenset)(content)
    return dict(CONTAINERS).get(letter, _unknown)(decoded(element) for element in content)


def _check_hashes(elements: list[Any]) -> None:
    """Raise a `ValueError` where many elements have one hash, which somebody must have sought."""
    often = Counter(map(hash, elements))
    if often and max(often.values()) > MOST_ALIKE:
        raise ValueError(f"more than {MOST_ALIKE} elements of a set or dictionary have one hash")


def _unknown(content: object) -> None:
    raise ValueError("no plain value begins so")
