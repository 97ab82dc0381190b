"""The directory of a run: what is in it, and the lock that keeps it to one process."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from burnish.config import RunConfig
from burnish.errors import RunExists, RunLocked, StorageError
from burnish.files import is_regular, make_private, read_bytes

LOOKING_SECONDS = 0.1


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run."""

    path: Path

    @property
    def journal(self) -> Path:
        return self.path / "journal.db"

    @property
    def index(self) -> Path:
        return self.path / "index"

    @property
    def training(self) -> Path:
        """A folder for each adapter that the run trained, by iteration, and the model they begin from."""
        return self.path / "training"

    @property
    def report(self) -> Path:
        return self.path / "report.json"

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def sealed_seed(self) -> Path:
        """What decides the tasks of the sealed test, kept apart from the journal until that is opened."""
        return self.path / "sealed-seed"

    @property
    def stop_file(self) -> Path:
        """A file of this name stops the run as Ctrl-C does, and is taken away then."""
        return self.path / "stop"

    @property
    def heartbeat(self) -> Path:
        """Written every few seconds by the process at work, for those who watch over it."""
        return self.path / "heartbeat"

    @property
    def config_file(self) -> Path:
        return self.path / "run.toml"

    def create(self, config: RunConfig) -> None:
        """Lay out a new run.

        Raises:
            RunExists: there is one already.
            StorageError: the directory holds something else, or cannot be written.

        """
        if self.journal.exists() or self.config_file.exists():
            raise RunExists(
                f"{self.path} already holds a run; continue it with `burnish resume {self.path}`, or give another --dir"
            )
        if self.path.is_dir() and any(self.path.iterdir()):
            raise StorageError(f"{self.path} is not empty and holds no run; give a new or an empty --dir")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
            make_private(self.config_file, self.log, self.path / "lock", self.heartbeat)
            self.config_file.write_text(config.to_toml(), encoding="utf-8")
        except FileNotFoundError:
            raise StorageError(f"no directory can be made at {self.path}; give another --dir") from None
        except OSError as error:
            raise StorageError(f"cannot write {self.path}: {error.strerror}; give another --dir") from None

    def config(self) -> RunConfig:
        """The configuration as it was resolved when the run was made."""
        if not is_regular(self.config_file):
            raise StorageError(f"{self.path} holds no run (no run.toml); give the directory of a run")
        return RunConfig.load(self.config_file)

    def settings_digest(self) -> str:
        """The SHA-256 of `run.toml`."""
        return hashlib.sha256(read_bytes(self.config_file)).hexdigest()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run. The system lets go of the lock when the process ends, however it ends.

        Raises:
            RunLocked: another living process holds it.

        """
        if not os.path.isdir(self.path):  # noqa: PTH112 (a name too long is none, and no error)
            raise StorageError(f"{self.path} holds no run; give the directory of a run")
        with self._lock() as file:
            if not _seized(file):
                file.seek(0)
                raise RunLocked(f"{self.path} is in use by process {_process(file)}; wait for it or stop it first")
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def _lock(self) -> IO[str]:
        lock = self.path / "lock"
        if os.path.lexists(lock) and not is_regular(lock):
            raise StorageError(f"{lock} is no regular file; take it away, nothing but the lock of a run is there")
        try:
            return lock.open("a+", errors="replace")
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path}: {error.strerror}; give a run in a directory that can be written"
            ) from None

    def holder(self) -> str | None:
        """The id of the process that works on the run; None when none does."""
        if not is_regular(self.path / "lock"):
            return None
        try:
            with (self.path / "lock").open(errors="replace") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return _process(file)
        except OSError:  # never locked yet, or not ours to read
            pass
        return None

    def write_log(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Append one line to the log, with the time of day in UTC."""
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": kind, **facts}
        if self.log.exists() and self.log.stat().st_size > MOST_LOG:
            self.log.replace(self.log.with_suffix(".1.jsonl"))
        make_private(self.log)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


MOST_LOG = 64 << 20
"""Bytes from which a log is laid aside, as log.1.jsonl, and a new one begun; the one that lay there goes."""


def _process(file: IO[str]) -> str:
    """The id of the process that a lock names."""
    said = file.read(20).strip()
    return said if said.isascii() and said.isdigit() else "?"


def _seized(file: IO[str]) -> bool:
    """Whether the lock was got. A second try follows: `holder` has it for a moment when it looks."""
    for pause in (LOOKING_SECONDS, 0.0):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(pause)
        else:
            return True
    return False
