"""The one boundary for what is read from files that a user or a run brings.

Only regular files, up to a size; UTF-8 with or without a byte order mark, any ends of lines. What cannot be read is an
`Unreadable` with one sentence, which callers turn into the error that their exit code belongs to.
"""

from __future__ import annotations

import json
import math
import os
import stat
import sys
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from burnish.types import JsonValue

MOST_BYTES = 256 << 20
"""Bytes of the largest file that is read as a whole, unless a caller says otherwise."""
MOST_LEVELS = 200
"""Levels of brackets that are read; more break the readers of others, if not ours."""
MOST_SETTINGS = 16 << 20
"""Bytes of the largest file of settings."""


class Unreadable(ValueError):
    """A file, or a text in it, cannot be read; the message says which, why, and what to do."""


def read_bytes(path: Path | str, *, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file.

    Raises:
        Unreadable: there is none, it is something else, too large, or the system does not let us.

    """
    named = _printable(str(path))
    try:
        # without waiting for whoever may write into a pipe
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except ValueError:  # a null byte
        raise Unreadable(f"{named} is no path; it holds a null byte") from None
    except OSError as error:
        raise Unreadable(f"cannot read {named}: {error.strerror}") from None
    said = os.fstat(number)
    if stat.S_ISDIR(said.st_mode):
        os.close(number)
        raise Unreadable(f"cannot read {named}: it is a folder; name a file")
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(said.st_mode):
            raise Unreadable(f"cannot read {named}: it is no regular file but a pipe, socket or device; name a file")
        try:
            content = file.read(most + 1)
        except OSError as error:
            raise Unreadable(f"cannot read {named}: {error.strerror}") from None
    if len(content) > most:
        raise Unreadable(f"{named} is larger than {most >> 20} MiB, more than is read")
    return content


def read_text(path: Path | str, *, most: int = MOST_BYTES) -> str:
    """The text of a file, without a byte order mark, its lines ended by a line feed.

    Raises:
        Unreadable: as for `read_bytes`, or it is not UTF-8 or holds null characters.

    """
    return decoded(read_bytes(path, most=most), _printable(str(path)))


def decoded(content: bytes, named: str) -> str:
    """The text that bytes are; `named` says whose.

    Raises:
        Unreadable: they are not UTF-8, or hold null characters.

    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{named} is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content[: error.start].count(b"\n")
        raise Unreadable(f"{named}, line {line}: is not UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        line = 1 + text[: text.index("\0")].count("\n")
        raise Unreadable(f"{named}, line {line}: holds a null character; it is no text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parsed_json(text: str, named: str, *, wanted: str = "") -> JsonValue:
    """The value that a text is; `wanted` says what to write instead.

    Raises:
        Unreadable: it is no JSON, nested too deeply, or holds a number, key or character that cannot be kept.

    """
    advice = f"; {wanted}" if wanted else ""
    try:
        value: JsonValue = json.loads(
            text, parse_constant=_constant, parse_int=_integer, parse_float=_float, object_pairs_hook=_unique
        )
        json.dumps(value, ensure_ascii=False).encode()
        _check_levels(text)
    except UnicodeEncodeError:
        raise Unreadable(f"{named} holds half a character (a lone surrogate){advice}") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"{named} is not JSON ({error.msg}: {_at(error)}){advice}") from None
    except RecursionError:
        raise Unreadable(f"{named} is nested too deeply to be read; write it with fewer levels") from None
    except ValueError as error:
        raise Unreadable(f"{named} {error}") from None
    return value


def parsed_toml(text: str, named: str) -> dict[str, Any]:
    """The tables that a text is.

    Raises:
        Unreadable: it is no TOML, or nested too deeply.

    """
    try:
        _check_levels(text)
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"{named} is not valid TOML: {error}") from None
    except RecursionError:
        raise Unreadable(f"{named} is nested too deeply to be read; write it with fewer levels") from None
    except ValueError as error:  # a date that is none, a number of too many digits
        raise Unreadable(f"{named} is not valid TOML: {error}") from None


def make_private(*paths: Path) -> None:
    """Make empty files that only their owner may read or write, where nothing is yet; for whoever writes them next."""
    for path in paths:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def is_regular(path: Path | str) -> bool:
    """Whether a regular file is at a path; at what can be no path there is none."""
    try:
        return stat.S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def _at(error: json.JSONDecodeError) -> str:
    return f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"


def _check_levels(text: str) -> None:
    """Raise where brackets outside of strings are nested too deeply. Counting those within too errs by a long text of
    opening brackets only.
    """
    deepest = level = 0
    for character in text:
        if character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= level > 0
    if deepest > MOST_LEVELS and _levels_outside_strings(text) > MOST_LEVELS:
        raise ValueError("is nested too deeply to be read; write it with fewer levels")


def _levels_outside_strings(text: str) -> int:
    deepest = level = 0
    quoted = ""
    escaped = False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\" and quoted == '"':
                escaped = True
            elif character == quoted:
                quoted = ""
        elif character in "\"'":
            quoted = character
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= level > 0
    return deepest


def _constant(constant: str) -> object:
    raise ValueError(f"is not JSON ({constant} is no JSON value)")


def _integer(digits: str) -> int:
    most = sys.get_int_max_str_digits()
    if most and len(digits.lstrip("-")) > most:
        raise ValueError(f"holds a number of {len(digits.lstrip('-'))} digits, more than can be read; write it as text")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"holds the number {digits[:20]}, larger than can be reckoned with; write it as text")
    return number


def _unique(pairs: Sequence[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'holds the key "{twice}" more than once in one object; leave one of them out')
    return values


def _printable(text: str) -> str:
    """A path as it can be shown: without control characters, and not endless."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


MOST_SHOWN = 300
