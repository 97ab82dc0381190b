"""No sandbox: rlimits and a time limit, which stop mistakes and nothing that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from burnish.environments.sandbox.children import Command
from burnish.environments.sandbox.jail import ENVIRONMENT, FLAGS, limits, orders
from burnish.environments.sandbox.processes import INSIDE, interpreter

RISK = (
    "code that a model wrote runs with all your rights: it may read, change and send away every file of yours, "
    "reach the network, and leave programs running"
)
"""What `--unsafe-exec` risks, in a sentence."""


class Unsafe:
    """Starts an interpreter that may do whatever this user may."""

    @contextmanager
    def command(self, code: str, folder: Path, *, timeout: float, memory: int) -> Iterator[Command]:  # noqa: ARG002
        """See `Starts.command`."""
        with orders(code, limits(timeout, memory), [], b"", []) as fd:
            yield Command([interpreter(), *FLAGS, str(INSIDE / "entry.py"), str(fd), "{ready}"], ENVIRONMENT, (fd,))
