"""Texts of a configuration that say where a server is and what it is told besides, as types.

None of them can hold a secret: those stand in the environment, and a text names them as `$NAME`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator

from burnish.errors import ConfigError
from burnish.types import JsonValue

EMBEDDED = "embedded"

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMED = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_BEGINS_LIKE_A_KEY = re.compile(r"(sk|hf|gsk|xai|AIza|ghp|eyJ)[A-Za-z0-9_\-.]{16,}")
_LIKE_A_KEY = re.compile(rf"(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9_]{{32,}}|{_BEGINS_LIKE_A_KEY.pattern}")
_NO_VARIABLE = re.compile(rf"(?=.*[a-z])(?=.*[0-9]).{{20,}}|{_BEGINS_LIKE_A_KEY.pattern}")
_FOR_SECRETS = re.compile(
    r"key|api[-_]?key|.*[-_]key|.*token|auth|authorization|.*secret|.*password|sig|signature|code|cookie|credential",
    re.IGNORECASE,
)
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TAKEN = frozenset({"content-length", "content-type", "host", "transfer-encoding", "accept-encoding", "connection"})


def shown(key: str, value: object) -> str:
    """A setting's value as it may be repeated, by the name of its key."""
    parts = key.split(".")
    if parts[-1] == "api_key_env" or {"headers", "query", "extra_body"} & set(parts):
        return "..."  # it may be the key itself
    return repr(without_secrets(value)) if parts[-1] in {"url", "proxy"} and isinstance(value, str) else repr(value)


def looks_like_a_key(text: str) -> bool:
    """Whether a text is more likely a secret than a name."""
    return _LIKE_A_KEY.fullmatch(text) is not None


def names_a_secret(name: str) -> bool:
    """Whether the value of a header or a query parameter of this name is a secret."""
    return _FOR_SECRETS.fullmatch(name) is not None


def without_secrets(url: str) -> str:
    """The URL without user, password, and what in its path and query is secret by its name or look."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    query = "&".join(
        f"{name}=[secret]" if names_a_secret(name) or looks_like_a_key(value) else f"{name}={value}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    path = "/".join("[secret]" if _BEGINS_LIKE_A_KEY.fullmatch(part) else part for part in parts.path.split("/"))
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query=query).geturl()


def filled_in(texts: Mapping[str, str], where: str) -> dict[str, str]:
    """The texts with the values of the environment variables that they name.

    Raises:
        ConfigError: a variable is not set, or holds what no header can.

    """

    def fill(name: str, text: str) -> str:
        return _NAMED.sub(lambda found: value_of(found[1], f"{where}.{name}"), text)

    return {name: fill(name, text) for name, text in texts.items()}


def value_of(variable: str, where: str) -> str:
    """The secret that an environment variable holds; `where` is the key that names it.

    Raises:
        ConfigError: it is not set, or holds no usable key.

    """
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigError(f"the environment variable {variable} ({where}) is not set; export it first")
    if not all("!" <= c <= "~" for c in value):
        raise ConfigError(
            f"the environment variable {variable} holds no usable key (spaces, control characters or "
            "non-ASCII); export it again"
        )
    return value


def _key_variable(value: str) -> str:
    if value and (not _VARIABLE.fullmatch(value) or _NO_VARIABLE.fullmatch(value)):
        raise ValueError("must be the name of an environment variable, never the key itself")
    return value


def _server(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    parts = urlsplit(value)  # an IPv6 address without its end and a port out of range are ValueErrors too
    if not parts.hostname or parts.port == 0:
        raise ValueError("must name a host, such as http://127.0.0.1:11434/v1")
    if "@" in parts.netloc:
        raise ValueError(
            "holds a user or a password, which would be written down; export the password and name its variable: "
            'api_key_env = "NAME", or headers = { Authorization = "Basic $NAME" }'
        )
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if (names_a_secret(name) and text) or looks_like_a_key(text):
            raise ValueError(
                f"holds a secret ({name}=…), which would be written down; export it and name its variable: "
                f'query = {{ {name} = "$NAME" }}'
            )
    if any(map(_BEGINS_LIKE_A_KEY.fullmatch, parts.path.split("/"))):
        raise ValueError("holds what looks like a key in its path; give the key by api_key_env or headers")
    if parts.fragment:
        raise ValueError("must not have a part behind #; the model's name is a key of its own, name")
    return value.rstrip("/")


def _server_or_embedded(value: str) -> str:
    if value == EMBEDDED:
        return value
    try:
        return _server(value)
    except ValueError as error:
        text = str(error)
        raise ValueError(text.replace("must start", f'must be "{EMBEDDED}" or start')) from None


def _proxy(value: str) -> str:
    return value if value in {"", "environment"} else _server(value)


def _told(kind: str, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        literal = _NAMED.sub("", text).strip()
        if (names_a_secret(name) and literal and "$" not in text) or any(map(looks_like_a_key, literal.split())):
            raise ValueError(f'{kind} {name} holds a secret; export it and name its variable: {name} = "$NAME"')


def _headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in headers.items():
        if not _HEADER.fullmatch(name) or name.lower() in _TAKEN:
            raise ValueError(f"{name!r} is no header that can be set")
        if not all(" " <= c <= "~" for c in text):
            raise ValueError(f"header {name} must be printable ASCII")
    _told("header", headers)
    return headers


def _query(query: Mapping[str, str]) -> Mapping[str, str]:
    _told("parameter", query)
    return query


def _body(body: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    if "messages" in body or "stream" in body:
        raise ValueError("cannot set messages or stream; what is asked is the loop's, and answers are read whole")
    for name, value in body.items():
        if isinstance(value, str) and looks_like_a_key(value):
            raise ValueError(f"{name} looks like a key; give it by api_key_env or headers")
    return body


KeyVariable: TypeAlias = Annotated[str, AfterValidator(_key_variable)]
"""The name of an environment variable that holds a key."""

ServerUrl: TypeAlias = Annotated[str, AfterValidator(_server)]
"""The address of a server, without any secret."""

ModelUrl: TypeAlias = Annotated[str, AfterValidator(_server_or_embedded)]
"""The address of a server, without any secret, or "embedded"."""

ProxyUrl: TypeAlias = Annotated[str, AfterValidator(_proxy)]
"""The address of a proxy, empty for none, or "environment" for what variables such as HTTPS_PROXY say."""

Headers: TypeAlias = Annotated[dict[str, str], AfterValidator(_headers)]
"""Headers of requests; `$NAME` stands for an environment variable."""

Query: TypeAlias = Annotated[dict[str, str], AfterValidator(_query)]
"""Parameters of a URL; `$NAME` stands for an environment variable."""

ExtraBody: TypeAlias = Annotated[dict[str, JsonValue], AfterValidator(_body)]
"""Fields of a request's body beside those that Burnish sets."""
