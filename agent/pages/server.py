"""Serving the pages on this machine."""

from __future__ import annotations

import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import closing, suppress

from burnish.agent.pages.access import Access
from burnish.agent.pages.app import make_app
from burnish.agent.pages.shelf import Shelf
from burnish.errors import ConfigError

HOST = "127.0.0.1"
PORT = 8321
TRIED = 20
"""Ports after the first that are tried where none was asked for."""
GRACE_SECONDS = 2
LONGEST_HEAD = 1 << 16
"""Bytes of a request before its body."""


def bound(port: int | None) -> socket.socket:
    """A socket on a port of this machine, or, where none is asked for, on the first free one from 8321 on.

    Raises:
        ConfigError: the port is in use.

    """
    for number in [port] if port is not None else range(PORT, PORT + TRIED):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, number))
            made.listen()  # a link that is told at once is answered, if a moment later
        except (OSError, OverflowError):
            made.close()
        else:
            return made
    taken = f"port {port} is" if port is not None else f"ports {PORT} to {PORT + TRIED - 1} are"
    raise ConfigError(f"{taken} in use or not allowed; give another with --port, or --port 0 for any that is free")


def serve(shelf: Shelf, *, port: int | None, browse: bool, tell: Callable[[str], None]) -> None:
    """Serve the runs of a shelf until Ctrl-C; `tell` is told the link, and each fresh one.

    Raises:
        ConfigError: the port is in use.

    """
    import uvicorn

    with closing(bound(port)) as listening:
        number = listening.getsockname()[1]
        access = Access(make_app(shelf, lambda: server.should_exit), port=number, on_stale=tell)
        tell(access.link)
        config = uvicorn.Config(
            access,
            http="h11",
            h11_max_incomplete_event_size=LONGEST_HEAD,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            lifespan="on",
        )
        server = uvicorn.Server(config)
        if browse and has_browser():
            threading.Timer(0.5, webbrowser.open, [access.link]).start()
        with suppress(KeyboardInterrupt):  # is raised again once all is shut
            server.run(sockets=[listening])


def has_browser() -> bool:
    """Whether a browser can be expected here: there is a screen, and nobody sits at the other end of ssh."""
    return "SSH_CONNECTION" not in os.environ and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
