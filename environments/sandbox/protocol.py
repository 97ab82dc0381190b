"""What a run of code nobody has read comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

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
