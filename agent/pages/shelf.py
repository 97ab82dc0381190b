"""The runs that pages show, each by a name that stands in addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import ConfigError, StorageError

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Shelf:
    """Directories of runs, by name."""

    runs: Mapping[str, Path]

    @classmethod
    def of(cls, directories: Sequence[Path]) -> Shelf:
        """Runs under the names of their directories, a number after those that are alike.

        Raises:
            StorageError: one of them is no directory of a run.

        """
        runs: dict[str, Path] = {}
        for directory in directories:
            if not any((directory / name).is_file() for name in ("run.toml", "journal.db")):
                raise StorageError(f"{directory} holds no run; give the directory of a run")
            if directory.resolve() in {known.resolve() for known in runs.values()}:
                continue
            base = _ODD.sub("-", directory.resolve().name).strip("-.") or "run"
            taken = (f"{base}-{number}" for number in range(2, len(directories) + 2))
            runs[base if base not in runs else next(name for name in taken if name not in runs)] = directory
        return cls(runs)

    def __getitem__(self, name: str) -> Path:
        try:
            return self.runs[name]
        except KeyError:
            raise ConfigError(f"no run is named {name!r} here; there is {', '.join(self.runs)}") from None
