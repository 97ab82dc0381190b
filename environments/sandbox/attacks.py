"""The self-test of a sandbox: attack it, and see what comes through."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TypeAlias

from burnish.environments.sandbox.processes import INSIDE, ProcessSandbox
from burnish.environments.sandbox.protocol import SandboxFailure, SandboxResult

Targets: TypeAlias = Mapping[str, object]

MEMORY = 256 << 20
TIMEOUT = 20.0
PATIENCE = 0.1
"""How long the attack may take that does not end by itself."""

SET_BY_SANDBOXES = {"PYTHONHASHSEED", "LC_CTYPE", "PWD"}
"""Variables that the child has, of whatever value, without having them from us."""

TOGETHER = (
    "TCP to a listener",
    "UDP to a listener",
    "a unix socket",
    "an abstract socket",
    "the user's environment",
    "the user's files",
    "the user's folders",
    "/etc/passwd",
    "writing outside",
    "emptying a file",
    "changing permissions",
    "changing times",
    "hard links",
    "signals",
    "signals by a pipe",
    "/proc of others",
    "memory of others",
    "new processes",
    "threads",
    "other programs",
    "raising limits",
    "new namespaces",
)
"""Attacks that leave the attacker able to try the next one."""

ALONE = ("2 GB of memory", "endless output", "endless files", "time without end")
"""Attacks that end, one way or the other, the process that makes them."""

ATTACKS = (*TOGETHER, *ALONE)


def weaknesses(sandbox: ProcessSandbox) -> list[str]:
    """The attacks that came through; none where the sandbox holds. Takes about half a second.

    Raises:
        SandboxFailure: the sandbox cannot run anything, so there is nothing to attack.

    """
    plain = "print(input(), open('file').read())"
    said = sandbox.run(plain, stdin="hello", files={"file": "you"}, timeout=TIMEOUT, memory=MEMORY)
    if said.stdout != "hello you\n":
        last = said.stderr.strip().rpartition("\n")[2]
        raise SandboxFailure(f"it does not run a plain program: {said.status} {last}".rstrip())
    with targets() as aims:
        found = achieved(assault(sandbox, TOGETHER, aims))
        for name in ALONE:
            timeout = PATIENCE if name == "time without end" else TIMEOUT
            found += achieved(assault(sandbox, [name], aims, timeout=timeout))
    return found


def assault(
    sandbox: ProcessSandbox, attacks: Sequence[str], aims: Targets, *, timeout: float = TIMEOUT, memory: int = MEMORY
) -> SandboxResult:
    """Run the attacks in the sandbox, one after the other in one process."""
    asked = json.dumps({"attacks": list(attacks), "targets": dict(aims)})
    code = (INSIDE / "attacks.py").read_text(encoding="utf-8")
    result = sandbox.run(code, stdin=asked, timeout=timeout, memory=memory)
    if len(attacks) > 1 and not result.stderr.endswith("\ntried\n"):
        raise SandboxFailure(f"the attacks came to no end ({result.status}), so it is unknown what it holds")
    return result


def achieved(result: SandboxResult) -> list[str]:
    """The attacks that say they came through."""
    lines = result.stderr.splitlines()
    return [line.removeprefix("achieved: ") for line in lines if line.startswith("achieved: ")]


@contextmanager
def targets() -> Iterator[Targets]:
    """Live listeners, files and a process that attacks may try to reach; all of them ours."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="burnish-target-")))
        for name in ("secret", "victim"):
            (folder / name).write_text("not for you", encoding="utf-8")
        abstract = f"burnish-{token_hex(8)}"
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        unix, hidden = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        for listener, address in (
            (tcp, ("127.0.0.1", 0)),
            (udp, ("127.0.0.1", 0)),
            (unix, str(folder / "socket")),
            (hidden, "\0" + abstract),
        ):
            stack.enter_context(listener)
            listener.bind(address)
            if listener is not udp:
                listener.listen()
        yield {
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": str(folder / "socket"),
            "abstract": abstract,
            "names": sorted(set(os.environ) - SET_BY_SANDBOXES),
            "folder": str(folder),
            "secret": str(folder / "secret"),
            "victim": str(folder / "victim"),
            "pid": os.getpid(),
            "patience": 10 * PATIENCE,
        }
