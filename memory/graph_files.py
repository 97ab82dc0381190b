"""Digests of chroma's graph files, so that a damaged one is never opened.

Chroma's graph library trusts what it reads: a damaged file can end the process with a segmentation fault, or read as
other vectors. So after each write that changed these files their digests are put beside them, and a folder whose files
are others (the process was killed while chroma wrote them, or somebody changed one) is refused. A small index has no
such files: chroma keeps its newest thousand or so rows in SQLite, which detects damage by itself.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from burnish.memory.index import IndexDamaged

_NAME = "graph-files.json"


class GraphFiles:
    """The graph files below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: dict[str, tuple[int, int]] = {}

    def verify(self) -> None:
        """Return if the files are those that were vouched for.

        Raises:
            IndexDamaged: they are not, or cannot be read.

        """
        try:
            digests, note = self._digests(), self._directory / _NAME
            vouched = json.loads(note.read_bytes()) if digests or note.exists() else {}
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                f"The vector index in {self._directory} cannot be trusted ({error}): remove it and rebuild it."
            ) from error
        if digests != vouched:
            raise IndexDamaged(
                f"Files of the vector index in {self._directory} are not as written: remove it and rebuild it."
            )
        self._seen = self._stamps()

    def vouch(self) -> None:
        """Vouch for the files as they are, if they changed; call it when chroma is not writing."""
        with suppress(OSError):  # a folder that is gone or full: without digests it will be refused
            stamps = self._stamps()
            if stamps != self._seen:
                (self._directory / _NAME).write_text(json.dumps(self._digests()))
                self._seen = stamps

    def _stamps(self) -> dict[str, tuple[int, int]]:
        stats = {name: (self._directory / name).stat() for name in self._names()}
        return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}

    def _digests(self) -> dict[str, str]:
        digests = {}
        for name in self._names():
            with (self._directory / name).open("rb") as file:
                digests[name] = hashlib.file_digest(file, "blake2b").hexdigest()
        return digests

    def _names(self) -> list[str]:
        return sorted(str(path.relative_to(self._directory)) for path in self._directory.glob("*/*"))
