"""Plain lines and JSON, as commands print them without a layout."""

from __future__ import annotations

import json
import sys

from burnish.printing import harmless


def say(text: str = "", *, stderr: bool = False, end: str = "\n") -> None:
    """Print a text as it is, but for what a terminal would obey."""
    print(harmless(text), end=end, file=sys.stderr if stderr else sys.stdout)


def print_plain(value: object, *, indent: int | None = 2) -> None:
    """Plain values as JSON for machines, in ASCII."""
    print(json.dumps(value, indent=indent, sort_keys=True).replace("\x7f", "\\u007f"))
