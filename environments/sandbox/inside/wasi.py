"""The child's side of the WASI sandbox: an interpreter within an interpreter that knows of no machine.

Run as a script by `burnish.environments.sandbox.wasi`, with the descriptors of a file that holds what to do and of a
pipe to report on.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import wasmtime

PR_SET_PDEATHSIG = 1


def run(orders: int, ready: int) -> None:
    """Prepare everything, tell the parent, run the code, exit as it does."""
    with open(orders, "rb") as file:
        code, memory, seconds, packages, module, scratch = marshal.load(file)  # noqa: S302 - the parent wrote it
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (most, most))
    sys.path.append(packages)
    import wasmtime

    engine = wasmtime.Engine(wasmtime.Config())
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=memory)
    store.set_wasi(machine(code, scratch))
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module.deserialize_file(engine, module))
    start = instance.exports(store)["_start"]
    assert isinstance(start, wasmtime.Func)
    os.write(ready, b"1")
    os.close(ready)
    try:
        start(store)
    except wasmtime.ExitTrap as ended:
        sys.exit(ended.code)
    except wasmtime.Trap as trap:
        sys.exit(f"the module trapped: {trap.message.splitlines()[-1]}")


def machine(code: str, scratch: str) -> wasmtime.WasiConfig:
    """All the code will know of: three streams and a folder to read."""
    import wasmtime

    system = wasmtime.WasiConfig()
    system.argv = ["python", "-I", "-S", "-B", "-X", "utf8", "-c", code]
    system.inherit_stdin()
    system.inherit_stdout()
    system.inherit_stderr()
    system.preopen_dir(scratch, "/work", fs_mutable=False)
    return system


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
