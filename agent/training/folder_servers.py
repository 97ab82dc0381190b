"""Folders of weights behind an OpenAI-compatible API on loopback, by `transformers serve`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from burnish.agent.models.embedded import free_cores
from burnish.errors import ModelUnavailable

LOADING_SECONDS = 600.0
ENDING_SECONDS = 10.0
POLL_SECONDS = 0.2


class FolderServers:
    """A server of each folder, by key, while the context is entered.

    All call their model `name`, so that a request may go to any of them. `place` is the folder for what they say.
    Entering waits until all have loaded. Raises ModelUnavailable where one cannot; the sentence names its log.
    """

    def __init__(self, folders: Mapping[str, Path], name: str, place: Path) -> None:
        self._folders = {key: folder.resolve() for key, folder in folders.items()}
        self._name = name
        self._place = place.resolve()
        self._urls: dict[str, str] = {}
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self._urls |= {key: self._started(key) for key in self._folders}
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def url(self, key: str) -> str:
        """Where the API of a folder is served."""
        return self._urls[key]

    def _stop(self) -> None:
        while self._running:
            _end(self._running.pop())

    def _started(self, key: str) -> str:
        place = self._place / f"serving {key}"
        place.mkdir(parents=True, exist_ok=True)
        link = place / self._name  # the server calls a model by the path it is given
        link.unlink(missing_ok=True)
        link.symlink_to(self._folders[key])
        log, port = place / "log.txt", _free_port()
        where = ("--host", "127.0.0.1", "--port", str(port), "--device", "cpu")
        command = [sys.executable, "-m", "transformers.cli.transformers", "serve", self._name, *where]
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(free_cores()),
            "HF_HUB_OFFLINE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        with log.open("wb") as file:
            server = subprocess.Popen(command, cwd=place, stdout=file, stderr=file, env=environment)  # noqa: S603
        self._running.append(server)
        _wait(server, f"http://127.0.0.1:{port}", self._folders[key], log)
        return f"http://127.0.0.1:{port}/v1"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], url: str, folder: Path, log: Path) -> None:
    import httpx

    end = time.monotonic() + LOADING_SECONDS
    while server.poll() is None and time.monotonic() < end:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=5.0, trust_env=False).is_success:
                return
        time.sleep(POLL_SECONDS)
    raise ModelUnavailable(f"transformers does not serve {folder}; {log} says why")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
