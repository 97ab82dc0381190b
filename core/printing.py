"""The one boundary for what is printed: texts of models, environments, servers and files that a person looks at.

A terminal obeys what it is sent. So control characters are shown as pictures, and characters that turn the order of
others around as a replacement; what rich or Markdown would take for markup is escaped where it is put into such a text.
"""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_BREAKS = dict.fromkeys((0x2028, 0x2029, 0x85), "\n")
_INVISIBLE = dict.fromkeys(
    [
        *range(0x80, 0x85), *range(0x86, 0xA0),  # the controls of ISO 6429 in one character
        0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # they turn the order around
        *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC),  # old controls of shaping and annotation
        *range(0xE0000, 0xE0080),  # tags, which nobody sees
        *range(0xD800, 0xE000),  # halves of characters
    ],
    REPLACEMENT,
)  # fmt: skip
_HARMLESS: dict[int, int | str] = {**_PICTURES, **_BREAKS, **_INVISIBLE}

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~&!])")
_BLOCK = re.compile(r"^(\s*)([-+=>]|\d+[.)])", re.MULTILINE)


def harmless(text: str) -> str:
    """The text as a terminal can show it, character by character, without obeying it."""
    return text if text.isascii() and text.isprintable() else text.translate(_HARMLESS)


def on_one_line(text: str) -> str:
    """The text without ends of lines and tabs, harmless."""
    return harmless(" ".join(text.split()))


def in_markdown(text: str) -> str:
    """The text as Markdown shows it on one line: nothing in it is markup, HTML or the end of a table's cell."""
    return _BLOCK.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", on_one_line(text)))
