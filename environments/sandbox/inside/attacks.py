"""What a hostile program tries, run in a sandbox by its self-test; prints the names of what it achieved.

Stdin is a JSON object: which attacks, and their targets, which belong to the tester. Nothing here does harm where it
succeeds: signals are number 0, files are the tester's own, and no more is created than shows that it could be.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

targets: dict[str, Any] = {}


class Stopped:
    """A block in which an attack may fail in whatever way the sandbox has it fail."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> bool:
        return True


def tcp() -> bool:
    socket.create_connection(("127.0.0.1", targets["tcp"]), 1).close()
    return True


def udp() -> bool:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", targets["udp"])) == 1


def unix() -> bool:
    return _connected(targets["unix"])


def abstract() -> bool:
    return _connected("\0" + targets["abstract"])


def _connected(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as talking:
        talking.settimeout(1)
        talking.connect(address)
    return True


def environment() -> bool:
    return any(name in os.environ for name in targets["names"])


def reading() -> bool:
    return bool(Path(targets["secret"]).read_text(encoding="utf-8"))


def listing() -> bool:
    return any(Path(targets["folder"]).iterdir())


def accounts() -> bool:
    return bool(Path("/etc/passwd").read_bytes())


def writing() -> bool:
    return Path(targets["folder"], "written").write_text("x", encoding="utf-8") == 1


def emptying() -> bool:
    os.close(os.open(targets["victim"], os.O_RDONLY | os.O_TRUNC))
    return Path(targets["victim"]).stat().st_size == 0


def permissions() -> bool:
    Path(targets["victim"]).chmod(0o711)
    return Path(targets["victim"]).stat().st_mode & 0o777 == 0o711


def times() -> bool:
    os.utime(targets["victim"], (1, 1))
    return Path(targets["victim"]).stat().st_mtime == 1


def linking() -> bool:
    os.link(targets["victim"], "stolen")
    return True


def signals() -> bool:
    os.kill(targets["pid"], 0)
    return True


def owned_signals() -> bool:
    """A pipe may be told to signal anybody when there is something to read, unless F_SETOWN is forbidden."""
    import fcntl

    listening, _ = os.pipe()
    fcntl.fcntl(listening, 8, targets["pid"])
    return True


def processes_files() -> bool:
    return bool(Path(f"/proc/{targets['pid']}/environ").read_bytes())


def memory_of_others() -> bool:
    """process_vm_readv of nothing at all: whether the kernel would, is all that is asked."""
    import ctypes

    return bool(ctypes.CDLL(None).process_vm_readv(targets["pid"], None, 0, None, 0, 0) == 0)


def namespaces() -> bool:
    import ctypes

    return any(ctypes.CDLL(None).unshare(kind) == 0 for kind in (0x10000000, 0x40000000, 0x00020000))


def processes() -> bool:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def threads() -> bool:
    import threading

    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return True


def programs() -> bool:
    import subprocess

    return subprocess.run(["/bin/true"], check=False).returncode == 0


def limits() -> bool:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft + 1, soft + 1))
    return True


def memory() -> bool:
    return len(bytearray(2 << 30)) == 2 << 30


def output() -> bool:
    for _ in range(16):
        sys.stdout.write("x" * (1 << 20))
    return True


def files() -> bool:
    """A quarter of a gigabyte, unless it is stopped."""
    for number in range(32):
        Path(f"{number}").write_bytes(b"x" * (8 << 20))
    return True


def time_without_end() -> bool:
    import signal
    import time

    with contextlib.suppress(OSError, ValueError):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(targets["patience"])
    return True


ATTACKS: dict[str, Callable[[], bool]] = {
    "TCP to a listener": tcp,
    "UDP to a listener": udp,
    "a unix socket": unix,
    "an abstract socket": abstract,
    "the user's environment": environment,
    "the user's files": reading,
    "the user's folders": listing,
    "/etc/passwd": accounts,
    "writing outside": writing,
    "emptying a file": emptying,
    "changing permissions": permissions,
    "changing times": times,
    "hard links": linking,
    "signals": signals,
    "signals by a pipe": owned_signals,
    "/proc of others": processes_files,
    "memory of others": memory_of_others,
    "new processes": processes,
    "threads": threads,
    "other programs": programs,
    "raising limits": limits,
    "new namespaces": namespaces,
    "2 GB of memory": memory,
    "endless output": output,
    "endless files": files,
    "time without end": time_without_end,
}


def attack() -> None:
    """Try what stdin says."""
    asked = json.load(sys.stdin)
    targets.update(asked["targets"])
    for name in asked["attacks"]:
        with Stopped():
            if ATTACKS[name]():
                sys.stderr.write(f"\nachieved: {name}\n")
    sys.stderr.write("\ntried\n")
    sys.stderr.flush()


if __name__ == "__main__":
    attack()
