"""A champion with fixed exemplars as a Modelfile of Ollama.

The grammar is that of Ollama's own parser (parser/parser.go): a value in three quotes ends at the first end of a line
that three quotes stand before, and characters that are not printed are dropped. Ollama sends the system message, then
the MESSAGEs, then what it is asked (server/routes.go).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from burnish.agent.exports.fixed import FixedProgram
from burnish.agent.exports.losses import lost
from burnish.errors import ConfigError
from burnish.types import Message

QUOTES = '"""'
KEPT = "\n\r\t"
"""Characters that Ollama keeps although they are not printed."""
CONTROL = ("Cc", "Zl", "Zp")
"""Categories of characters that end lines or steer a terminal."""


def modelfile(fixed: FixedProgram) -> str:
    """The text of a Modelfile.

    Raises:
        ConfigError: a line of a text ends in three quotes, which would end the text, or the name of the model or of
            its file cannot stand on a line.

    """
    frame, decoding = fixed.frame, fixed.program.decoding
    dropped = sorted({c for m in frame.head for c in m.content if not (c.isprintable() or c in KEPT)})
    parameters = {
        "temperature": f"{decoding.temperature:g}",
        "top_p": f"{decoding.top_p:g}",
        "num_predict": str(decoding.max_tokens),
        "repeat_penalty": "1",
    }
    lines = [
        *map(_commented, _comments(fixed, dropped)),
        *_from(fixed),
        *(f"PARAMETER {name} {value}" for name, value in parameters.items()),
        *_instruction(fixed),
        *map(_written, frame.head),
    ]
    return "\n".join(lines) + "\n"


def _comments(fixed: FixedProgram, dropped: list[str]) -> Iterator[str]:
    yield f"# The champion of iteration {fixed.iteration} of a run on {fixed.environment}, by `burnish program`."
    yield "# ollama create NAME -f THIS_FILE"
    yield f"# Exemplars, as MESSAGEs: {fixed.choice.said}."
    yield "# Against the run's own program this is lost:"
    yield from (f"# - {sentence}" for sentence in lost(fixed, "ollama"))
    if dropped:
        yield f"# - Characters: Ollama drops {', '.join(f'U+{ord(c):04X}' for c in dropped)} from a Modelfile."
    yield "# Ollama leaves out the first MESSAGEs where num_ctx is too small for all of them; raise it with PARAMETER."


def _from(fixed: FixedProgram) -> Iterator[str]:
    if fixed.weights:
        yield "# The file of the run's model. Put it beside this one, or give its path."
        yield f"FROM ./{_named(fixed.weights)}"
        return
    yield "# What the run's server called its model; Ollama may have it under another name."
    yield f"FROM {_named(fixed.model or 'NAME')}"


def _named(name: str) -> str:
    """A name that is all of its line and no more of the file."""
    if not name.isprintable() or not name.strip() or name.strip().startswith('"'):
        raise ConfigError(
            f"the model or its file is called {name[:80]!r}, which a Modelfile cannot name (it is blank, begins with a "
            "quote, or has an end of a line or a control character); write it with another --format"
        )
    return name


def _commented(line: str) -> str:
    """A comment that stays one, whatever the names in it hold."""
    return "".join(c if c == "\t" or unicodedata.category(c) not in CONTROL else ascii(c)[1:-1] for c in line)


def _instruction(fixed: FixedProgram) -> Iterator[str]:
    """Where the program puts the instruction before each task, a comment with it: no system message is that."""
    before = fixed.frame.before
    if before.strip():
        yield "# Begin each task with:"
        yield from (_commented(f"#   {line}") for line in before.strip().splitlines())


def _written(message: Message) -> str:
    command = "SYSTEM" if message.role == "system" else f"MESSAGE {message.role}"
    return f"{command} {_quoted(message.content)}"


def _quoted(text: str) -> str:
    if _ends_early(text):
        raise ConfigError(
            "a line of an exemplar or of the prompt ends in three quotes, which end a text in a Modelfile; write it "
            "with --format messages, which Ollama's /api/create takes as `messages`"
        )
    return f"{QUOTES}{text}{QUOTES}"


def _ends_early(text: str) -> bool:
    """Whether Ollama takes an end of a line within a quoted text for the end of the text."""
    read = QUOTES + "".join(c for c in text if c.isprintable() or c in KEPT)
    lines = (read[:place].rstrip(" \t\n\r") for place, c in enumerate(read) if c in "\n\r")
    return any(len(line) >= 2 * len(QUOTES) and line.endswith(QUOTES) for line in lines)
