"""A reader of Modelfiles after the grammar of Ollama's own (parser/parser.go), character by character.

Ollama itself is not here. A value ends at an end of a line where what was read so far, cut at both ends, is unquoted or
closes its quotes; characters that are not printed are dropped. What `sent` says is how Ollama's server puts messages
together (server/routes.go): system message, messages of the model, messages of the request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from burnish.types import Message

BLANK = " \t\r\n"


@dataclass(frozen=True)
class Modelfile:
    """What a Modelfile says."""

    model: str
    system: str
    messages: tuple[Message, ...]
    parameters: dict[str, str]

    def sent(self, task: str) -> tuple[Message, ...]:
        """The messages of a chat in which the user asks a task."""
        system = [Message("system", self.system)] if self.system else []
        return (*system, *self.messages, Message("user", task))


def read(text: str) -> Modelfile:
    model, system, messages, parameters = "", "", list[Message](), dict[str, str]()
    for name, key, value in commands(text):
        match name, key:
            case "from", _:
                model = value
            case "system", _:
                system = value
            case "message", ("user" | "assistant" | "system") as role:
                messages.append(Message(role, value))
            case "parameter", _:
                parameters[key] = value
            case _:
                raise ValueError(name)
    return Modelfile(model, system, tuple(messages), parameters)


def commands(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, key (a role or a parameter) and value of each command."""
    rest = iter(text)
    for first in rest:
        if first == "#":
            while next(rest, "\n") not in "\r\n":
                pass
        elif first not in BLANK:
            name = f"{first}{word(rest)}".lower()
            key = word(rest) if name in {"message", "parameter"} else ""
            yield name, key, value(rest)


def word(rest: Iterator[str]) -> str:
    found = ""
    for letter in rest:
        if letter in " \t":
            return found
        if not (letter.isascii() and (letter.isalnum() or letter == "_")):
            break
        found += letter
    raise ValueError(found)


def value(rest: Iterator[str]) -> str:
    read = ""
    for letter in rest:
        if letter in "\r\n" and (found := unquoted(read.strip(BLANK))) is not None:
            return found
        read += letter if letter.isprintable() or letter in BLANK else ""
    if (found := unquoted(read.strip(BLANK))) is None:
        raise ValueError(read)
    return found


def unquoted(text: str) -> str | None:
    """What is quoted, and None where the quotes are not closed."""
    for quotes in ('"""', '"'):
        if text.startswith(quotes):
            return text[len(quotes) : -len(quotes)] if len(text) >= 2 * len(quotes) and text.endswith(quotes) else None
    return text
