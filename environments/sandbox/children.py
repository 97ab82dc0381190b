"""Watching child processes: feeds them, keeps a bounded part of what they print, and ends them.

A child is in a session of its own, and all of it is killed, never asked to end. Its time starts when it says that it
is shut in, so a busy machine's slow start is not held against the code.
"""

from __future__ import annotations

import os
import select
import selectors
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGXCPU
from time import monotonic
from types import TracebackType
from typing import Self

from burnish.environments.sandbox.protocol import Ending, SandboxFailure, SandboxResult

KEPT_BYTES = 1 << 20
"""How much of each stream is kept; a program that prints more is ended."""

FOLDER_BYTES, FOLDER_FILES = 64 << 20, 256
"""What the scratch folder may hold before its program is ended. It is looked at every `LOOK_SECONDS`."""

LOOK_SECONDS = 0.02
START_SECONDS = 30.0
LAST_WORDS_SECONDS = 0.2
"""How long the second of two is given to end by itself when the first has."""


@dataclass(frozen=True)
class Command:
    """How a child is started. `fds` are handed down; "{ready}" in `argv` becomes the one it reports on."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    fds: Sequence[int] = ()


@dataclass
class _Stream:
    kept: bytearray = field(default_factory=bytearray)
    over: bool = False

    def take(self, data: bytes) -> None:
        room = KEPT_BYTES - len(self.kept)
        self.kept += data[:room]
        self.over |= len(data) > room

    @property
    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


class Child:
    """A running process, killed and reaped with all its descendants when the block is left."""

    def __init__(
        self, command: Command, folder: Path, *, stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE
    ) -> None:
        self.folder = folder
        self.stdout, self.stderr = _Stream(), _Stream()
        self.ended: Ending | None = None
        self._waiting, ready = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - a list of our own making
                [argument.replace("{ready}", str(ready)) for argument in command.argv],
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=dict(command.environment),
                cwd=folder,
                pass_fds=(ready, *command.fds),
                start_new_session=True,
            )
        except OSError:
            os.close(self._waiting)
            raise
        finally:
            os.close(ready)
        self._pidfd = os.pidfd_open(self.process.pid)  # Linux 5.3, older than Landlock
        self._started = self._finished = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        for descriptor in (self._waiting, self._pidfd):
            os.close(descriptor)

    def begin(self) -> None:
        """Wait until the child is shut in.

        Raises:
            SandboxFailure: it is not, and the code was not run.

        """
        said = _readable(self._waiting, START_SECONDS)
        if not said or not os.read(self._waiting, 1):
            self.kill()
            assert self.process.stderr is not None
            words = os.read(self.process.stderr.fileno(), 65536).decode("utf-8", "replace").strip().splitlines()
            why = words[-1] if words else f"it said nothing within {START_SECONDS:g} s" if not said else "it just ended"
            raise SandboxFailure(f"it did not start: {why}")
        self._started = monotonic()

    @property
    def over(self) -> bool:
        """Whether the process has ended, reaped or not."""
        return _readable(self._pidfd, 0.0)

    def wait(self, seconds: float) -> None:
        """Return when the process has ended, or after `seconds`."""
        _readable(self._pidfd, seconds)

    def kill(self, ending: Ending | None = None) -> None:
        """End what is left of the session; `ending` is why, unless the process had ended before."""
        if self.process.returncode is not None:
            return
        if not self.over:
            self.ended = ending
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, SIGKILL)
        with suppress(ProcessLookupError):  # in a moment just after the start it has no session yet
            self.process.kill()
        self.process.wait()
        self._finished = monotonic()

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the selector tell of the streams and of the end."""
        selector.register(self._pidfd, selectors.EVENT_READ, (self, None))
        for pipe, stream in ((self.process.stdout, self.stdout), (self.process.stderr, self.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, (self, stream))

    def drain(self) -> None:
        """Keep what was printed and not read before the end."""
        for pipe, stream in ((self.process.stdout, self.stdout), (self.process.stderr, self.stderr)):
            while pipe is not None and not pipe.closed and not stream.over:
                data = _read(pipe)
                if not data:
                    break
                stream.take(data)

    def result(self) -> SandboxResult:
        """What became of it. The process must have been killed or have ended."""
        code = self.process.returncode
        return SandboxResult(
            status=self._status(code),
            exit_code=code,
            stdout=self.stdout.text,
            stderr=self.stderr.text,
            seconds=self._finished - self._started,
        )

    def _status(self, code: int) -> Ending:
        if self.stdout.over or self.stderr.over:
            return "output"
        if self.ended is not None:
            return self.ended
        if code == -SIGXCPU:
            return "timeout"
        if code > 0:
            last = bytes(self.stderr.kept[-4096:]).rstrip().rpartition(b"\n")[2]
            return "memory" if last.startswith(b"MemoryError") else "nonzero exit"
        return "killed" if code else "ok"


def _readable(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read, or an end, within that time. `select` knows no descriptor beyond 1023."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def watch(children: Sequence[Child], stdin: bytes, timeout: float) -> None:
    """Attend to the children until the first of them has ended, was ended for what it did, or `timeout` seconds."""
    first = children[0]
    for child in children:
        child.begin()
    deadline = monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for child in children:
            child.register(selector)
        if first.process.stdin is not None:
            os.set_blocking(first.process.stdin.fileno(), False)
            selector.register(first.process.stdin, selectors.EVENT_WRITE, (first, memoryview(stdin)))
        while not first.over and not any(_excessive(child) for child in children):
            left = deadline - monotonic()
            if left <= 0:
                break
            _attend(selector, min(left, LOOK_SECONDS))
    _end(children, in_time=monotonic() < deadline)


def _end(children: Sequence[Child], *, in_time: bool) -> None:
    for child in children:
        if in_time and child is not children[0]:
            child.wait(LAST_WORDS_SECONDS)
        child.kill("output" if _excessive(child) else "killed" if in_time else "timeout")
        child.drain()


def _attend(selector: selectors.BaseSelector, seconds: float) -> None:
    """Read and write whatever is ready, once each."""
    for key, _ in selector.select(seconds):
        _, what = key.data
        if isinstance(what, memoryview):
            _feed(selector, key, what)
        elif isinstance(what, _Stream):
            assert not isinstance(key.fileobj, int)
            data = _read(key.fileobj)
            if data:
                what.take(data)
            elif data is not None:
                selector.unregister(key.fileobj)


def _feed(selector: selectors.BaseSelector, key: selectors.SelectorKey, rest: memoryview) -> None:
    try:
        written = os.write(key.fd, rest[:65536]) if rest else 0
    except BlockingIOError:
        return
    except BrokenPipeError:  # it does not want to hear
        written = len(rest)
    if written < len(rest):
        selector.modify(key.fileobj, selectors.EVENT_WRITE, (key.data[0], rest[written:]))
        return
    selector.unregister(key.fileobj)
    assert not isinstance(key.fileobj, int)
    key.fileobj.close()  # type: ignore[attr-defined]


def _read(pipe: object) -> bytes | None:
    """What is there to read; nothing at the end, None when there may be more later."""
    with suppress(BlockingIOError):
        return os.read(pipe.fileno(), 65536)  # type: ignore[attr-defined]
    return None


def _excessive(child: Child) -> bool:
    """Whether it printed or wrote more than it may."""
    if child.stdout.over or child.stderr.over:
        return True
    total = count = 0
    for place, _, names in os.walk(child.folder):
        for name in names:
            count += 1
            with suppress(OSError):
                total += os.lstat(Path(place, name)).st_blocks * 512
            if total > FOLDER_BYTES or count > FOLDER_FILES:
                return True
    return total + sum(map(_removed_bytes, _family(child.process.pid))) > FOLDER_BYTES


def _family(pid: int) -> list[int]:
    """A process and those that it started, as far as Linux tells."""
    found = [pid]
    for one in found:
        for told in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, told.read_text().split())
    return found


def _removed_bytes(pid: int) -> int:
    """What the files take that a process has removed and holds open: they are in no folder any more."""
    total = 0
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()).endswith(" (deleted)"):
                    total += descriptor.stat().st_blocks * 512
    return total
