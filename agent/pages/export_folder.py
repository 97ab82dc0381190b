"""A folder of runs as files, and a page that lists them: what any web server can show to others, read only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from burnish.agent.pages.export_file import hashed, styles, write_text
from burnish.agent.pages.rendering import rendered
from burnish.errors import ExportExists

INDEX = "index.html"
_FACTS = re.compile(r'<meta name="burnish" content="([^"]*)">')
HEAD_BYTES = 4096
"""Of a file, in which its facts stand."""


@dataclass(frozen=True)
class Listed:
    """A file of the folder, and what it says of its run."""

    file: str
    facts: Mapping[str, object]


def listed(folder: Path) -> list[Listed]:
    """The exported runs that lie in a folder, by name."""
    return sorted(_read(folder), key=lambda one: one.file)


def _read(folder: Path) -> Iterator[Listed]:
    for path in folder.glob("*.html"):
        with path.open("rb") as file:
            found = _FACTS.search(file.read(HEAD_BYTES).decode("utf-8", "replace"))
        if found:
            yield Listed(path.name, json.loads(unescape(found[1])))


def write_index(folder: Path) -> Path:
    """Write the page that lists the runs of a folder anew.

    Raises:
        ExportExists: an index that Burnish did not write is there.
        StorageError: it cannot be written.

    """
    path = folder / INDEX
    if path.exists() and "Runs of Burnish" not in path.read_text(encoding="utf-8", errors="replace"):
        raise ExportExists(f"{path} is another page; give a folder of its own")
    style = styles()
    text = rendered("folder.html", files=listed(folder), style=style, style_hash=hashed(style))
    path.unlink(missing_ok=True)
    write_text(path, text)
    return path
