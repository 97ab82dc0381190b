"""Files, texts and paths that nobody should give to a program, and everybody will."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import tomli_w

Route: TypeAlias = tuple[str | int, ...]

VALUES: tuple[Any, ...] = (
    None, "", "x" * 100_000, -1, 0, 2**63, 2**70, 1e308, float("nan"), float("inf"), [], {}, True, ["\0"],
    "\x1b[31mred", "\N{RIGHT-TO-LEFT OVERRIDE}abc", [[[]]], "../../etc/passwd", "/dev/zero", "1" * 5000,
)  # fmt: skip
"""Values of another kind or size than is meant; None takes a key away."""

TEXTS = (
    "[" * 50_000, "{a=", "9" * 6000, "1979-13-45", '"\\ud800"', "\0", "[1,2", "nan", "''''", "x" * 100_000,
)  # fmt: skip
"""Texts for a value on the command line."""

PATHS = ("a\0b", "x" * 300, "x" * 5000, "", "/", "~nobody/x", "-", "a\nb", "\x1b[2Jx", ".", "..", "//", "\udcff")


def toml(rng: Random, tables: Mapping[str, Any]) -> bytes:
    """Tables with one value exchanged for another, or as spoilt bytes."""
    if rng.random() < 0.4:
        return spoilt(rng, tomli_w.dumps(tables).encode())
    return tomli_w.dumps(_exchanged(rng, tables)).encode("utf-8", "surrogatepass")


def jsonl(rng: Random, objects: list[dict[str, Any]]) -> bytes:
    """Lines with one value exchanged for another, or as spoilt bytes."""
    if rng.random() < 0.4:
        return spoilt(rng, "\n".join(map(json.dumps, objects)).encode())
    lines = list(objects)
    place = rng.randrange(len(lines))
    lines[place] = _exchanged(rng, lines[place])
    return "\n".join(map(json.dumps, lines)).encode()


def spoilt(rng: Random, content: bytes) -> bytes:
    """The bytes of a file as editors, other systems and bad disks leave them."""
    at = rng.randrange(len(content) + 1)
    ways: tuple[bytes, ...] = (
        b"",
        b"\xef\xbb\xbf" + content,
        content.replace(b"\n", b"\r\n"),
        content.replace(b"\n", b"\r"),
        content[:at] + b"\xff\xfe\x80" + content[at:],
        content[:at] + b"\0" + content[at:],
        content.decode("utf-8", "replace").encode("utf-16"),
        content[:at],
        flipped(rng, content, 5),
        rng.randbytes(300),
        content + b"\n" + content,
        b"a = " + b"[" * 100_000,
        b"{" * 5000,
        b"x = " + b"9" * 6000 + b"\n" + content,
        b"x = 1979-13-45\n" + content,
        b'"\\ud800" = 1\n' + content,
    )
    return rng.choice(ways)


def damaged(rng: Random, database: bytes) -> bytes:
    """The bytes of a database after a bad night."""
    page = rng.randrange(max(1, len(database) // 4096)) * 4096
    ways = (
        database[: rng.randrange(len(database))],
        flipped(rng, database, rng.choice((1, 20, 2000))),
        database[:page] + rng.randbytes(4096) + database[page + 4096 :],
        spoilt(rng, b"x"),
    )
    return rng.choice(ways)


def flipped(rng: Random, content: bytes, count: int) -> bytes:
    """The bytes with so many of them exchanged."""
    changed = bytearray(content)
    for _ in range(count if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def no_file(rng: Random, place: Path) -> str:
    """What is no regular file, at `place`, or a path at which there can be none."""
    kind = rng.randrange(8)
    if kind == 0:
        place.mkdir()
    elif kind == 1:
        os.mkfifo(place)
    elif kind == 2 and len(str(place)) < 100:  # a longer one is refused by the system
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(place))
    elif kind in {3, 4, 5, 6}:
        place.symlink_to({3: "/dev/zero", 4: "/dev/null", 5: str(place), 6: f"{place}.nowhere"}[kind])
    else:
        return rng.choice(PATHS)
    return str(place)


def routes(value: Any, route: Route = ()) -> Iterator[Route]:
    """The ways to all values within a value; of lists to the first few."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*route, key)
        yield from routes(one, (*route, key))


def _exchanged(rng: Random, tables: Mapping[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(tables))
    *way, last = rng.choice(list(routes(changed)))
    inner: Any = changed
    for key in way:
        inner = inner[key]
    value = rng.choice(VALUES)
    if value is None and isinstance(inner, dict):
        del inner[last]
    else:
        inner[last] = value if value is not None else ""
    return changed
