"""What a form of a page sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from burnish.errors import ConfigError

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_BYTES = 4 << 20
"""Of a form: an answer that is edited may be long."""


@dataclass(frozen=True)
class Form:
    """The fields of a form, each once."""

    fields: Mapping[str, str]

    def get(self, name: str) -> str:
        """A field without blanks around it, empty where there is none."""
        return self.fields.get(name, "").strip()

    def whole(self, name: str) -> str:
        """A field as it was written, with the ends of lines as texts have them."""
        return self.fields.get(name, "").replace("\r\n", "\n")

    def number(self, name: str) -> int:
        """A whole number.

        Raises:
            ConfigError: it is none.

        """
        return whole_number(self.get(name), name)

    @property
    def who(self) -> str | None:
        """Who sent it, None where that is the user of this machine."""
        return self.get("who") or None


def whole_number(text: str, name: str) -> int:
    """A whole number out of an address or a form.

    Raises:
        ConfigError: it is none.

    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):
        raise ConfigError(f"{name} is {text[:20]!r}; give a whole number")
    return int(text)


async def read_form(request: Request) -> Form:
    """What a browser sent.

    Raises:
        ConfigError: it is too long.

    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise ConfigError(f"what was sent is longer than {MOST_BYTES:,} bytes; send less")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
    return Form({name: values[-1] for name, values in fields.items()})
