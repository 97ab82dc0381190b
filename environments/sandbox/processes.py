"""What the sandboxes that start a process have in common: scratch folders, one program, two programs talking."""

from __future__ import annotations

import atexit
import fcntl
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Protocol

from burnish.environments.sandbox.children import Child, Command, watch
from burnish.environments.sandbox.protocol import NO_FILES, Files, SandboxFailure, SandboxResult

INSIDE = Path(__file__).resolve().parent / "inside"


class Starts(Protocol):
    """The one thing that sets sandboxes of this kind apart."""

    def command(self, code: str, folder: Path, *, timeout: float, memory: int) -> AbstractContextManager[Command]:
        """How to start a process that runs `code` in `folder`; what the command refers to is there meanwhile."""
        ...


class ProcessSandbox:
    """Runs Python source in a process that can do nothing but compute and print, started as `starts` says.

    Safe to use from many threads. Neither method raises for anything the code does; both raise `SandboxFailure` when
    the sandbox itself fails, and `ValueError` for a file name that leads out of the scratch folder. `timeout` is in
    seconds of wall time, `memory` in bytes of address space, the interpreter's own (some 30 MB) included. `name` is
    what doctor and report call it.
    """

    def __init__(self, name: str, starts: Starts) -> None:
        self.name = name
        self._starts = starts

    def run(self, code: str, *, stdin: str = "", files: Files = NO_FILES, timeout: float, memory: int) -> SandboxResult:
        """Run `code` as a program; `files` are laid into its working directory, which is gone afterwards."""
        with _failing(), scratch(files) as folder:
            with self._starts.command(code, folder, timeout=timeout, memory=memory) as command:
                child = Child(command, folder)
            with child:
                watch([child], stdin.encode("utf-8", "surrogatepass"), timeout)
                return child.result()

    def converse(self, first: str, second: str, *, timeout: float, memory: int) -> tuple[SandboxResult, SandboxResult]:
        """Run two programs, the stdout of each being the stdin of the other, until the first has ended.

        The second is then killed. The `stdout` of both results is empty. Each has `memory` for itself.
        """
        with _failing(), ExitStack() as stack:
            asked, asking = os.pipe()
            answered, answering = os.pipe()
            with ExitStack() as ours:  # pipes are the children's alone, or they would never see an end
                for descriptor in (asked, asking, answered, answering):
                    ours.callback(os.close, descriptor)
                children = [
                    stack.enter_context(self._start(stack, code, stdin, stdout, timeout=timeout, memory=memory))
                    for code, stdin, stdout in ((first, answered, asking), (second, asked, answering))
                ]
            watch(children, b"", timeout)
            return children[0].result(), children[1].result()

    def _start(self, stack: ExitStack, code: str, stdin: int, stdout: int, *, timeout: float, memory: int) -> Child:
        folder = stack.enter_context(scratch(NO_FILES))
        with self._starts.command(code, folder, timeout=timeout, memory=memory) as command:
            return Child(command, folder, stdin=stdin, stdout=stdout)


@contextmanager
def _failing() -> Iterator[None]:
    if platform.system() != "Linux":
        raise SandboxFailure("it needs Linux")
    try:
        yield
    except OSError as error:
        raise SandboxFailure(f"it cannot work here and now: {error}") from error


@contextmanager
def scratch(files: Files) -> Iterator[Path]:
    """A new folder with these files, removed at the end.

    Raises:
        ValueError: a name is absolute or leads out of the folder.

    """
    folder = Path(tempfile.mkdtemp(dir=private()))
    try:
        for name, content in files.items():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
                raise ValueError(f'the file name "{name}" leads out of the scratch folder; name it relative to that')
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


PREFIX = "burnish-sandbox-"
HELD = ".held"
"""The ending of the file that is locked as long as the process of a folder lives."""
_making = Lock()


def private() -> Path:
    """One folder a process, which none but this user may enter, and in which all scratch folders are."""
    with _making:
        return _made()


@cache
def _made() -> Path:
    place = Path(tempfile.gettempdir())
    _sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    held = os.open(place / f"{folder.name}{HELD}", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)  # the system lets go of it when this process ends, however it ends
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(Path(f"{folder}{HELD}").unlink, missing_ok=True)
    return folder


def _sweep(place: Path) -> None:
    """Remove what processes left that were killed."""
    for lock in place.glob(f"{PREFIX}*{HELD}"):
        with suppress(OSError), lock.open("a") as file:  # one of another user cannot be opened
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()


@cache
def interpreter() -> str:
    """The interpreter itself, where a virtual environment only links to it."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)
