"""Programs in what a model wrote: what is run, and what is said of it."""

from __future__ import annotations

import re

MEMORY = 512 << 20
"""Bytes of address space that a program may use."""

LONGEST = 20_000
"""Characters of the longest program that is run."""

DEFINE = "answer with the whole function, alone or in one code block, under the name and with the parameters asked for"
IN_TIME = "the function must return within the time limit: avoid endless loops and needless work"
IN_MEMORY = "the function must not use that much memory"
FAILS_TESTS = "the function does not pass all of its tests: mind every sentence of its description and the edge cases"
RAISES = "the function must not raise for any argument that its description allows"
PLAIN = "the function must return the value that its description asks for, of that very type"

_FENCE = re.compile(r"```[ \t]*(?:python3?|py)?[ \t]*\n(.*?)(?:\n[ \t]*)?```", re.DOTALL | re.IGNORECASE)


def program_of(answer: str) -> str:
    """The last code block of an answer, or the whole of it where there is none; empty when it is too long."""
    if len(answer) > LONGEST:
        return ""
    blocks = _FENCE.findall(answer)
    # What is half a character, no file of Python source may hold.
    return (blocks[-1] if blocks else answer).strip("\n").encode("utf-8", "replace").decode()


def defines(program: str, function: str) -> bool:
    """Whether the program looks as if it defined that function."""
    return (
        re.search(rf"^(?:async )?def {re.escape(function)}\b|^{re.escape(function)} *=", program, re.MULTILINE)
        is not None
    )


def fenced(program: str) -> str:
    """A program as an answer."""
    return f"```python\n{program.strip(chr(10))}\n```"
