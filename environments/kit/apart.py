"""The process in which an environment is checked: `python -m burnish.environments.kit.apart`, a job on standard input.

It tells what it does as JSON lines on standard output; whatever the environment prints goes elsewhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from burnish.environments.closing import close
from burnish.environments.kit.findings import Broken, Example, Finding, Limits, Unfinished
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.table import SAME_PROCESS, fingerprint, look
from burnish.environments.registry import load
from burnish.errors import BurnishError

HEARTBEAT_SECONDS = 0.5
FAILED = 3

Tell = Callable[[Mapping[str, Any]], None]


class BlockedNetwork(OSError):
    """What code that reaches for the network gets while an environment is checked."""


def block_network(reached: Callable[[str], None]) -> None:
    """Refuse every connection and look-up that leads off this machine, from now on; `reached` hears of each."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        host = _host(event, arguments)
        if host and not _is_here(host):
            reached(host)
            raise BlockedNetwork(f"the network is blocked while an environment is checked (asked for {host})")

    sys.addaudithook(refuse)


def _host(event: str, arguments: tuple[Any, ...]) -> str:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        return str(address[0]) if isinstance(address, tuple) and address else ""  # a text is a unix socket
    if event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        host = arguments[0]
        return host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")
    return ""


def _is_here(host: str) -> bool:
    if host in {"localhost", ""}:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


_ENCODE = json.JSONEncoder(ensure_ascii=True).encode  # held on to: what is judged may patch `json`


def channel(token: str) -> Tell:
    """A way to tell things that the environment's own prints do not come in between of; each line begins with `token`.

    When nobody hears any more the process ends.
    """
    stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def tell(facts: Mapping[str, Any]) -> None:
        line = f"{token}{_ENCODE(facts)}\n"
        try:
            with lock:
                stream.write(line)
                stream.flush()
        except BrokenPipeError:
            os._exit(FAILED)

    return tell


class Heart(threading.Thread):
    """Tells again and again that the process lives, and how far it has come."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(daemon=True)
        self.probe: EnvironmentProbe | None = None
        self._tell = tell

    def run(self) -> None:
        """Beat until the process ends."""
        while True:
            self._tell({"kind": "alive", "progress": self.probe.progress if self.probe else -1})
            time.sleep(HEARTBEAT_SECONDS)


async def check(begin: Callable[[], EnvironmentProbe], job: Mapping[str, Any], tell: Tell) -> None:
    """Do the job: take a print, and look at promises, each with a probe that has seen nothing yet."""
    if job["fingerprint"]:
        tell({"kind": "begin", "promise": SAME_PROCESS.name})
        try:
            tell({"kind": "print", "lines": await fingerprint(begin())})
        except (Broken, Unfinished) as error:
            tell({"kind": "print", "failed": str(error)})

    def told(promise: str, finding: Finding | None) -> None:
        tell({"kind": "finding", **finding.to_json()} if finding else {"kind": "begin", "promise": promise})

    probe = begin()
    await look(probe, job["promises"], told)
    tell({"kind": "end", "times": {name: spread.to_json() for name, spread in probe.times.items()}})


def main() -> None:
    """Load the environment of the job and check it."""
    job = json.load(sys.stdin)
    tell = channel(job["token"])
    sys.path[:] = job["path"]
    block_network(lambda host: tell({"kind": "network", "host": host}))
    heart = Heart(tell)
    heart.start()
    try:
        environment = load(job["spec"], job["options"])
    except BurnishError as error:
        tell({"kind": "refused", "error": type(error).__name__, "message": str(error)})
        sys.exit(FAILED)

    def note(at: Example) -> None:
        tell({"kind": "call", "example": at.to_json()})

    def begin() -> EnvironmentProbe:
        limits = Limits.from_json(job["limits"])
        heart.probe = EnvironmentProbe(environment, limits, note if job["slowly"] else None, alone=True)
        return heart.probe

    tell({"kind": "loaded", "name": environment.name, "abilities": begin().abilities})
    asyncio.run(check(begin, job, tell))
    close(environment)
    sys.stdout.flush()
    os._exit(0)  # threads that hang, and what the environment does at exit, are not waited for


if __name__ == "__main__":
    main()
