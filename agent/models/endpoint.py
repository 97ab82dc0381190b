"""Where a server takes chats: its address, what it is told with every request, and the secrets among that."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from burnish.errors import ConfigError
from burnish.model_tables import ModelConfig
from burnish.servers import filled_in, value_of, without_secrets

CHATS = "/chat/completions"
VERSION = "/v1"


@dataclass(frozen=True)
class Endpoint:
    """An API, at its `base`. `whole` says that its address was given in full, so that nothing is guessed at."""

    base: httpx.URL
    whole: bool

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """The API at a URL, which may have a query or be the address of the chats itself."""
        address = httpx.URL(url)
        path = address.path.rstrip("/")
        whole = path.endswith(CHATS)
        return cls(address.copy_with(path=path.removesuffix(CHATS)), whole)

    @property
    def versioned(self) -> bool:
        """Whether the address says which version of the API it is, or is not to be guessed at."""
        return self.whole or any(part[:1] == "v" and part[1:2].isdigit() for part in self.base.path.split("/"))

    def at(self, path: str, prefix: str = "") -> httpx.URL:
        """The address of a part of the API."""
        return self.base.copy_with(path=f"{self.base.path.rstrip('/')}{prefix}{path}")

    @property
    def shown(self) -> str:
        """The base as it may be written down."""
        return without_secrets(str(self.base)).rstrip("/")


class Told:
    """What a server is told with every request: `headers`, the API key among them, and the parameters of the `query`.

    It shows nothing of itself, for what comes from the environment is secret.

    Raises:
        ConfigError: an environment variable is not set or holds no usable key.

    """

    def __init__(self, config: ModelConfig) -> None:
        key = {"authorization": f"Bearer {value_of(config.api_key_env, 'api_key_env')}"} if config.api_key_env else {}
        self.headers = {**key, **filled_in(config.headers, "headers")}
        self.query = filled_in(config.query, "query")
        given = {**config.headers, **config.query}
        told = [text for name, text in (*self.headers.items(), *self.query.items()) if "$" in given.get(name, "$")]
        parts = {part for text in told for part in (text, *text.split()) if part not in {"Bearer", "Basic"}}
        self._secrets = sorted(parts, key=len, reverse=True)

    def __repr__(self) -> str:
        return "<what the server is told>"

    def hide(self, text: str) -> str:
        """A text of the server's without the secrets that it repeats."""
        for secret in self._secrets:
            text = text.replace(secret, "[API key]")
        return text


def check_server(config: ModelConfig) -> None:
    """Look whether all is there that a server is to be told.

    Raises:
        ConfigError: an environment variable is not set, or a file of certificates cannot be read.

    """
    Told(config)
    trust_of(config)


def trust_of(config: ModelConfig) -> ssl.SSLContext | bool:
    """Whose certificates are trusted.

    Raises:
        ConfigError: the file cannot be read, or holds none.

    """
    if not config.ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=str(Path(config.ca_file).expanduser()))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{config.ca_file} (ca_file) holds no certificates that can be read ({error})") from None


def proxy_of(config: ModelConfig) -> str | None:
    """The proxy of a server, if one is given by its URL."""
    return config.proxy if config.proxy not in {"", "environment"} else None
