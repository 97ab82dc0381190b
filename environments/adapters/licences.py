"""What an adapter says of its tasks' licence."""

from __future__ import annotations

from collections.abc import Mapping

from burnish.environments.licences import NOT_KNOWN, flaw_of
from burnish.errors import ConfigError
from burnish.types import JsonValue


def licence_of(spec: str, given: JsonValue, found: object) -> str:
    """The licence that is given as an option, else the one found if it is an SPDX expression, else `NOASSERTION`.

    `found` is a text, or metadata with a field `licence` or `license`.

    Raises:
        ConfigError: the one given is no text.

    """
    if given is not None:
        if not isinstance(given, str) or not given.strip():
            raise ConfigError(f'"{spec}": licence is {given!r}; give the SPDX name of a licence, such as CC0-1.0')
        return given
    if isinstance(found, Mapping):
        found = found.get("licence") or found.get("license")
    text = found.strip() if isinstance(found, str) else ""
    return NOT_KNOWN if flaw_of(text) else text
