"""Processes that play TextArena games, and what is said with them: a JSON object a line.

The host answers its start with `{"version"}`, or with `{"refused": why, "configuration": whether that is wrong}`.
Each play is begun by sending the host one end of a socket, over which `{"seed"}` and `{"action"}` are then answered by
what the game shows. Closing the sockets ends the processes, however this one ends.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Mapping
from threading import Lock
from typing import Self

from burnish.errors import ConfigError, PluginError
from burnish.types import JsonValue

START_SECONDS = 120.0
"""Wall time for importing the library and making the game."""

REPLY_SECONDS = 45.0
"""Wall time for one reply of a play; its process ends itself before."""


class GameFailed(PluginError):
    """The process of a game ended or failed: no verdict on the actions."""


class Host:
    """The process of one game, from which its plays are forked; `close` ends it, as does being forgotten."""

    def __init__(self, game: str, options: Mapping[str, JsonValue]) -> None:
        self.game = game
        self._lock = Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [
                    *(sys.executable, "-P", "-m", "burnish.environments.adapters.arena_host"),
                    *(game, json.dumps(options, default=str), str(theirs.fileno())),
                ],
                # Sets of texts are in the same order everywhere, so that plays are.
                env={**os.environ, "PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.close = weakref.finalize(self, _end, self._control, process)
        """Ends the process."""
        try:
            reply = _read(self._control, START_SECONDS, game)
        except GameFailed:
            self.close()
            raise
        if "refused" in reply:
            self.close()
            raise (ConfigError if reply["configuration"] else PluginError)(str(reply["refused"]))
        self.version = str(reply["version"])

    def play(self, seed: int) -> Play:
        """A new process that has begun the game of this seed."""
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"p"], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise GameFailed(f'"ta:{self.game}": its process has ended; start the run anew') from error
        return Play(ours, self.game, seed)


class Play:
    """One play, in a process of its own that ends with `close`, or when this is forgotten."""

    def __init__(self, link: socket.socket, game: str, seed: int) -> None:
        self._link = link
        self._game = game
        self.close = weakref.finalize(self, link.close)
        """Ends the process."""
        self.opening = self.ask({"seed": seed})

    def ask(self, what: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """What the game shows after this."""
        try:
            self._link.sendall(json.dumps(what).encode() + b"\n")
        except OSError as error:
            raise GameFailed(f'"ta:{self._game}": the process of the play has ended') from error
        reply = _read(self._link, REPLY_SECONDS, self._game)
        if "failed" in reply:
            raise GameFailed(f'"ta:{self._game}": the game failed: {reply["failed"]}')
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(link: socket.socket, seconds: float, game: str) -> Mapping[str, JsonValue]:
    """One line, which nothing follows before it was answered."""
    link.settimeout(seconds)
    parts: list[bytes] = []
    try:
        while not parts or not parts[-1].endswith(b"\n"):
            parts.append(link.recv(1 << 16))
            if not parts[-1]:
                raise GameFailed(f'"ta:{game}": the process of the game ended without an answer')
    except OSError as error:
        raise GameFailed(f'"ta:{game}": the process of the game gave no answer ({error})') from error
    reply: Mapping[str, JsonValue] = json.loads(b"".join(parts))
    return reply


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
