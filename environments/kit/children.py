"""A process that checks an environment, seen from outside."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from secrets import token_hex
from time import monotonic
from typing import IO, Any

from burnish.environments.kit.findings import Example, Finding, Spread
from burnish.errors import ConfigError, PluginError

GRACE_SECONDS = 10.0
"""How long a process may be silent beyond the time limit of a call: it sends a sign of life twice a second."""

CALLS_WAITED_FOR = 4
"""Time limits of a call within which a process must have come further: calls are made a few at a time."""

STARTING_SECONDS = 60.0
"""How long Python may take to start on a busy machine."""

MODULE = "burnish.environments.kit.apart"


class Child:
    """One process at a job. What it told is in its attributes; `watch` reads until it ends or falls silent."""

    def __init__(self, job: Mapping[str, Any], hash_seed: str, *, timeout: float) -> None:
        self.name = ""
        self.abilities: tuple[str, ...] = ()
        self.at = ""
        """The promise it was looking at last."""
        self.call: Example | None = None
        """The call it was making last, where it makes one at a time."""
        self.hosts: list[str] = []
        self.prints: list[Mapping[str, Any]] | None = None
        self.print_failure = ""
        self.times: dict[str, Spread] = {}
        self.finished = False
        self.ending = ""
        """How it ended, when it did not finish."""
        self._token = f"\n{token_hex(16)}"
        self._refusal: tuple[str, str] | None = None
        self._silence = timeout + GRACE_SECONDS
        self._stall = CALLS_WAITED_FOR * timeout + GRACE_SECONDS
        self._progress = -1
        self._moved = monotonic()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 (lives as long)
        self._scratch = tempfile.TemporaryDirectory(prefix="burnish-kit-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(  # noqa: S603 (this interpreter, this package)
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TMPDIR": self._scratch.name},
            start_new_session=True,  # so that what it started ends with it
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({**job, "token": self._token, "path": sys.path}))
            self._process.stdin.close()
        self._reader = threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True)
        self._reader.start()

    def watch(self, ends: float, found: Callable[[Finding], None] = lambda _: None) -> None:
        """Hear it out, until it finishes, dies, is silent for too long, or the time `ends`."""
        patience = STARTING_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, min(patience, ends - monotonic())))
            except queue.Empty:
                over = monotonic() >= ends
                self.ending = "time was over" if over else "the process fell silent: a call held up the interpreter"
                return
            if line is None:
                self.ending = self._how_it_ended()
                return
            patience = self._silence
            if not line.startswith(self._token[1:]):
                continue  # something that was judged found the way here
            if self._take(json.loads(line[len(self._token) - 1 :]), found):
                self.finished = True
                return
            if self._progress >= 0 and monotonic() > self._moved + self._stall:
                self.ending = "the process came no further: what it judged has harmed it"
                return

    def raise_refusal(self) -> None:
        """Raise the error with which the environment could not be loaded, if that is so."""
        if self._refusal:
            kind, message = self._refusal
            reached = f" (it reached for {', '.join(self.hosts)}; the network is blocked here)" if self.hosts else ""
            raise (ConfigError if kind == ConfigError.__name__ else PluginError)(message + reached)

    def kill(self) -> None:
        """End it, and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        self._errors.close()
        self._scratch.cleanup()

    def _take(self, told: dict[str, Any], found: Callable[[Finding], None]) -> bool:
        kind = told.pop("kind")
        if kind != "alive" or told["progress"] != self._progress:
            self._progress = told.get("progress", self._progress)
            self._moved = monotonic()
        match kind:
            case "loaded":
                self.name, self.abilities = told["name"], tuple(told["abilities"])
            case "refused":
                self._refusal = told["error"], told["message"]
            case "network":
                self.hosts.append(told["host"])
            case "print":
                self.prints, self.print_failure = told.get("lines"), told.get("failed", "")
            case "begin":
                self.at = told["promise"]
            case "call":
                self.call = Example.from_json(told["example"])
            case "finding":
                found(Finding.from_json(told))
            case "end":
                self.times = {name: Spread.from_json(spread) for name, spread in told["times"].items()}
                return True
        return False

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        with suppress(ValueError):  # closed by a kill
            self._errors.seek(0)
            last = self._errors.read()[-4_000:].strip().rpartition("\n")[2][:200]
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return f"the process ended {how}" + (f": {last}" if last else "")


def _read(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)
