"""bubblewrap around the jail: its own namespaces, in which most of the machine is not even there."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from burnish.environments.sandbox.children import Command
from burnish.environments.sandbox.jail import Jail
from burnish.environments.sandbox.processes import INSIDE, interpreter, private
from burnish.environments.sandbox.protocol import SandboxFailure

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")


@dataclass(frozen=True)
class Bubblewrap:
    """Starts the jail within bwrap, found on PATH."""

    jail: Jail = field(default_factory=Jail)

    @contextmanager
    def command(self, code: str, folder: Path, *, timeout: float, memory: int) -> Iterator[Command]:
        """See `Starts.command`.

        Raises:
            SandboxFailure: there is no bwrap.

        """
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise SandboxFailure("bwrap is not installed")
        with self.jail.command(code, folder, timeout=timeout, memory=memory) as command:
            packages = [part for path in self.jail.packages for part in ("--ro-bind", str(path), str(path))]
            # All of it, since Landlock's common rule is on this folder; the rule of the run leaves but its own.
            scratch = ("--bind", str(private()), str(private()), "--chdir", str(folder))
            yield replace(command, argv=[bwrap, *_walls(), *packages, *scratch, "--", *command.argv])


@cache
def _walls() -> tuple[str, ...]:
    arguments = ["--unshare-all", "--die-with-parent", "--dev-bind", "/dev/null", "/dev/null"]
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            arguments += ["--ro-bind", name, name]
    prefix = Path(interpreter()).parent.parent
    for path in sorted({INSIDE, prefix, Path(sysconfig.get_path("stdlib")).resolve()}):
        if not path.is_relative_to("/usr"):
            arguments += ["--ro-bind", str(path), str(path)]
    return tuple(arguments)
