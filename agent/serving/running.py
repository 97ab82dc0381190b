"""A server from its start to Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from burnish.agent.record.run import Run
from burnish.agent.serving.app import Endpoint
from burnish.agent.serving.door import open_door
from burnish.agent.serving.feedback import Feedback
from burnish.agent.serving.opening import open_service
from burnish.agent.serving.request_log import RequestLog
from burnish.agent.serving.requests import SystemMessages
from burnish.agent.serving.service import Service
from burnish.errors import ConfigError

PORT = 8660
CLOSING_SECONDS = 5
"""How long answers under way may take when the server ends."""
KEPT_SECONDS = 60
"""How long an idle connection is kept: longer than clients keep theirs, or else one is closed as it is used again."""
BACKLOG = 2048


@dataclass(frozen=True)
class Settings:
    """How a run is served; see the options of `burnish serve`."""

    at: int | None = None
    host: str = "127.0.0.1"
    port: int = PORT
    key_env: str | None = None
    system: SystemMessages = "refuse"
    log: Path | None = None
    at_once: int | None = None
    learn: bool = False


@dataclass(frozen=True)
class Ready:
    """A server that answers, at an address that ends in `/v1`."""

    url: str
    service: Service
    keyed: bool
    feedback: Path | None = None


def serve(run: Run, settings: Settings, ready: Callable[[Ready], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; `ready` is told when requests are answered. Until then they get status 503.

    Raises:
        ConfigError: the address cannot be used, or an option is wrong.
        PluginError, ModelError, StorageError: the run cannot be served.

    """
    endpoint = Endpoint(
        open_door(settings.host, settings.key_env), settings.system, began=int(run.place.config_file.stat().st_mtime)
    )
    with ExitStack() as stack:
        if settings.log:
            endpoint.log = stack.enter_context(RequestLog(settings.log, run.place.path))
        if settings.learn:
            endpoint.feedback = stack.enter_context(Feedback.of(run))
        bound = stack.enter_context(listening(settings.host, settings.port))
        asyncio.run(_serve(run, settings, endpoint, bound, ready))


def listening(host: str, port: int) -> socket.socket:
    """A socket on an address; port 0 is a free one.

    Raises:
        ConfigError: the port is in use, or the address is not this machine's.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"port {port} of {host} is in use; give another --port, or --port 0 for a free one"
            ) from None
        raise ConfigError(f"cannot listen on {host}, port {port} ({error.strerror}); give another --host") from None
    return bound


class _Server(uvicorn.Server):
    """One that leaves signals to whoever runs it: its own way is to raise them again when all is done."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        """End when what is under way is answered, at the second time at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def _serve(
    run: Run, settings: Settings, endpoint: Endpoint, bound: socket.socket, ready: Callable[[Ready], None]
) -> None:
    server = _Server(
        uvicorn.Config(
            endpoint.app(),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_keep_alive=KEPT_SECONDS,
            timeout_graceful_shutdown=CLOSING_SECONDS,
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.end)
    async with AsyncExitStack() as stack:
        opened = open_service(run, settings.at, at_once=settings.at_once)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        opening = asyncio.create_task(stack.enter_async_context(opened))
        try:
            await asyncio.wait({serving, opening}, return_when=asyncio.FIRST_COMPLETED)
            if opening.done():
                endpoint.service = opening.result()
                kept = endpoint.feedback.path if endpoint.feedback else None
                ready(Ready(_url(bound), endpoint.service, keyed=bool(endpoint.door.key), feedback=kept))
                await serving
        finally:
            server.should_exit = True
            opening.cancel()
            await asyncio.wait({serving, opening})


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
