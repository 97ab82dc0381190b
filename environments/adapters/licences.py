"""What an adapter says of its tasks' licence."""

from __future__ import annotations

import re
from collections.abc import Mapping

from burnish.errors import ConfigError
from burnish.types import JsonValue

NOT_KNOWN = "NOASSERTION"
"""The SPDX word for a licence that is not known."""

UNSAID = frozenset({"unknown", "none", "other", "proprietary", "unlicensed"})
"""Words that stand where a licence is asked for and name none."""

_EXPRESSION = re.compile(r"\(*[\w.+:-]+\)*( (AND|OR|WITH) \(*[\w.+:-]+\)*)*", re.ASCII)


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
    return text if _EXPRESSION.fullmatch(text) and text.casefold() not in UNSAID else NOT_KNOWN
