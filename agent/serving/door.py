"""Who may come in: programs that know the key, and on loopback none that a page in a browser sent."""

from __future__ import annotations

import hmac
import ipaddress
import os
from dataclasses import dataclass

from burnish.agent.serving.refusals import Refused
from burnish.errors import ConfigError

KEY_ENV = "BURNISH_SERVE_KEY"
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Door:
    """What the headers of a request must say. `hosts` are the names by which this server is called; empty: any."""

    key: str
    hosts: tuple[str, ...]

    def check(self, host: str, authorization: str) -> None:
        """Let a request in.

        Raises:
            Refused: 403 for a name that is not this server's, 401 for a wrong key.

        """
        if self.hosts and _name(host.lower()) not in self.hosts:
            raise Refused(
                f"This server is on this machine only and is not called {host[:80]!r}; use localhost.",
                status=403,
                code="wrong_host",
            )
        given = authorization.removeprefix("Bearer ").strip()
        if self.key and not hmac.compare_digest(given.encode(), self.key.encode()):
            raise Refused(
                "The API key is missing or wrong; send the one that the server was started with, as `Authorization: "
                "Bearer KEY`.",
                status=401,
                code="invalid_api_key",
            )


def open_door(host: str, key_env: str | None) -> Door:
    """The door of a server on an address; `key_env` names the variable with its key, by default `KEY_ENV`.

    Raises:
        ConfigError: the variable that was named is not set, one that is set holds no key, or others than this machine
            could come in without a key.

    """
    name = key_env or KEY_ENV
    given = os.environ.get(name)
    key = (given or "").strip()
    if given is not None and not key:
        raise ConfigError(f"the environment variable {name} is set but blank; export the key, or unset it")
    if key_env and not key:
        raise ConfigError(f"the environment variable {key_env} (--key-env) is not set; export the key first")
    local = is_local(host)
    if not local and not key:
        raise ConfigError(
            f"on {host} other machines could use the model without a key; export one as {name}, or leave out --host"
        )
    return Door(key, (*LOCAL, host) if local else ())


def is_local(host: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
