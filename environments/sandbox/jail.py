"""The jail: Landlock, seccomp and rlimits, entered by the child itself before it runs the code. Linux 5.13 or newer.

Landlock closes the file system but for the standard library and the scratch folder; the list of system calls
(`burnish.environments.sandbox.filters`) closes sockets, processes, signals, and those changes to files that Landlock
does not see, such as chmod; rlimits bound memory, time and file size. None needs rights, so it works in containers.

Both walls are made by libraries, landlockpy and seccompy, in this process; the child only puts them in force.
"""

from __future__ import annotations

import marshal
import math
import os
import subprocess
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from burnish.environments.sandbox.children import Command
from burnish.environments.sandbox.filters import program
from burnish.environments.sandbox.processes import INSIDE, interpreter, private

FLAGS = ("-s", "-S", "-P", "-B", "-X", "utf8")
"""No site, no user's packages, no bytecode written. Not -I, which would ignore the seed of hashes."""

ENVIRONMENT = {"PYTHONHASHSEED": "0"}
"""All the child is told: sets and dictionaries come in the same order at every run, so verdicts can be repeated."""

FILE_BYTES = 16 << 20
OPEN_FILES = 64

LIBRARIES = """
import os
from importlib import import_module
from contextlib import suppress
for name in {names}:
    with suppress(ImportError):
        import_module(name)
paths = (line.split(maxsplit=5)[5].strip() for line in open("/proc/self/maps") if "/" in line)
print(*sorted(set(paths)), sep="\\n", end="")
"""


@dataclass(frozen=True)
class Jail:
    """Starts a jailed interpreter. Code may import from `packages`, folders that it can then read."""

    packages: tuple[Path, ...] = ()

    @contextmanager
    def command(self, code: str, folder: Path, *, timeout: float, memory: int) -> Iterator[Command]:
        """See `Starts.command`.

        Raises:
            OSError: the kernel lacks Landlock, or knows another architecture.

        """
        own = _ruleset(reading=(*_places(), *self.packages), changing=folder)
        try:
            rulesets = [_common(self.packages), own]
            folders = [str(path) for path in self.packages]
            with orders(code, limits(timeout, memory), rulesets, program(), folders) as fd:
                argv = [interpreter(), *FLAGS, str(INSIDE / "entry.py"), str(fd), "{ready}"]
                yield Command(argv, ENVIRONMENT, (fd, *rulesets))
        finally:
            os.close(own)


@cache
def _common(packages: tuple[Path, ...]) -> int:
    """What all runs may touch at most: exact, and made once, since hundreds of rules take milliseconds.

    Each run adds a ruleset that tells its scratch folder from those of others and is coarse otherwise; a process may
    do what both allow.
    """
    return _ruleset(reading=(*readable(), *packages), listing=listed(), changing=private())


def _ruleset(*, reading: Iterable[Path], listing: Iterable[Path] = (), changing: Path) -> int:
    """What Landlock lets a process touch, as a descriptor for it to enter; nothing else, and no TCP."""
    from landlockpy import AccessFS, Ruleset, Scope

    with Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL) as ruleset:
        looking = AccessFS.READ_FILE | AccessFS.READ_DIR
        for path in reading:
            ruleset.allow_path(path, looking if path.is_dir() else AccessFS.READ_FILE)
        for path in listing:
            ruleset.allow_path(path, AccessFS.READ_DIR)
        ruleset.allow_path("/dev/null", AccessFS.READ_FILE | AccessFS.WRITE_FILE)
        # No folders: a tree that grows without end could neither be measured nor removed quickly.
        change = AccessFS.WRITE_FILE | AccessFS.MAKE_REG | AccessFS.REMOVE_FILE | AccessFS.TRUNCATE
        ruleset.allow_path(changing, looking | change)
        return os.dup(ruleset.fileno())


@contextmanager
def orders(code: str, limits: dict[str, int], rulesets: list[int], program: bytes, folders: list[str]) -> Iterator[int]:
    """A file without a name that tells the child what to do."""
    fd = os.memfd_create("burnish-orders")
    try:
        with open(fd, "wb", closefd=False) as file:
            marshal.dump((code, limits, rulesets, program, folders), file)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


def limits(timeout: float, memory: int) -> dict[str, int]:
    """The rlimits of a run; processor time is bounded too, should the parent be gone."""
    return {
        "RLIMIT_AS": memory,
        "RLIMIT_CPU": math.ceil(timeout) + 1,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 64,
    }


@cache
def listed() -> tuple[Path, ...]:
    """Folders whose names may be listed, because the import system does so; not the files in them."""
    return tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")})


@cache
def readable() -> tuple[Path, ...]:
    """The standard library without installed packages, and the shared libraries it loads."""
    entries = [entry for folder in listed() for entry in folder.iterdir()]
    library = [entry for entry in entries if entry.name not in {"site-packages", "dist-packages"}]
    return (*(path for path in library if not path.is_symlink()), *_shared_libraries())


@cache
def _places() -> tuple[Path, ...]:
    """The few folders in which all that is readable lies."""
    return tuple({*listed(), *(path.parent for path in _shared_libraries())})


@cache
def _shared_libraries() -> tuple[Path, ...]:
    """Files an interpreter maps when it has imported every extension module of the standard library."""
    dynamic = Path(sysconfig.get_config_var("DESTSHARED") or "")
    names = sorted({path.name.partition(".")[0] for path in dynamic.glob("*.so")}) if dynamic.name else []
    tests = {name for name in names if "test" in name or name.startswith("xx")}
    script = LIBRARIES.format(names=[name for name in names if name not in tests])
    done = subprocess.run(  # noqa: S603 - our own script
        [interpreter(), *FLAGS, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    found = [Path(line) for line in done.stdout.splitlines() if line.startswith("/")]
    with suppress(FileNotFoundError):
        found.append(Path("/etc/ld.so.cache").resolve(strict=True))
    return tuple(path for path in found if path.is_file())
