"""What runs code nobody has read: a `Sandbox`, and what a run of it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol, TypeAlias

from burnish.errors import PluginError
from burnish.types import Record

Ending: TypeAlias = Literal["ok", "nonzero exit", "timeout", "memory", "output", "killed"]

Files: TypeAlias = Mapping[str, str | bytes]

NO_FILES: Files = MappingProxyType({})


class SandboxFailure(PluginError):
    """The sandbox itself failed (no process, no disc space); it says nothing of the code that was to run."""


@dataclass(frozen=True)
class SandboxResult(Record):
    """What became of one run.

    `status` "memory" means that Python ran out of what it was given; "output", that more was printed or written
    than is kept; "killed", that a signal ended it which was not ours. `exit_code` is negative for a signal.
    `stdout` and `stderr` are what was printed up to the limit, undecodable bytes replaced. `seconds` is wall time.
    All of it but the kill is the candidate's to choose, so nothing may be paid for a status.
    """

    status: Ending
    exit_code: int
    stdout: str
    stderr: str
    seconds: float


class Sandbox(Protocol):
    """Runs Python source in a process that can do nothing but compute and print. Safe to use from many threads.

    Neither method raises for anything the code does; both raise `SandboxFailure` when the sandbox itself fails, and
    `ValueError` for a file name that leads out of the scratch folder. `timeout` is in seconds of wall time, `memory`
    in bytes of address space, the interpreter's own (some 30 MB) included.
    """

    @property
    def name(self) -> str:
        """What doctor and report call it."""
        ...

    def run(self, code: str, *, stdin: str = "", files: Files = NO_FILES, timeout: float, memory: int) -> SandboxResult:
        """Run `code` as a program; `files` are laid into its working directory, which is gone afterwards."""
        ...

    def converse(self, first: str, second: str, *, timeout: float, memory: int) -> tuple[SandboxResult, SandboxResult]:
        """Run two programs, the stdout of each being the stdin of the other, until the first has ended.

        The second is then killed. The `stdout` of both results is empty. Each has `memory` for itself.
        """
        ...
