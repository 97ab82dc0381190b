"""Calls a function that nobody has read, in the sandbox, and writes what it returns to what was standard output.

All a candidate can do here is to supply values: what they ought to be is known elsewhere.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import IO, Any, Self

from burnish.environments.sandbox.inside.values import dump, load

MESSAGE = 300


class Caught:
    """A block whose exceptions, of whatever kind, become a text: the candidate's failures are data."""

    kind = ""
    message = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if kind is not None:
            self.kind, self.message = str(kind.__name__), ""
            with Silenced():
                self.message = str(error)[:MESSAGE]
        return True

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class Silenced:
    """A block that may fail."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> bool:
        return True


def separated() -> tuple[IO[str], IO[str]]:
    """The two ends of the channel, after which a program's own input is empty and its prints go to stderr."""
    ends = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(), sys.stderr
    return ends


def defined(source: str, entry_point: str) -> Callable[..., Any]:
    """The function of that name after the source has run as a module called `candidate`."""
    module = type(sys)("candidate")
    sys.modules["candidate"] = module
    exec(compile(source, "answer.py", "exec"), module.__dict__)  # noqa: S102 - what it is for
    try:
        found: Callable[..., Any] = module.__dict__[entry_point]
    except KeyError:
        raise NameError(f"the code defines no {entry_point}") from None
    return found


def answer(channel: IO[str], *parts: object) -> None:
    """Write one line at once, for the next call may be the last."""
    channel.write(json.dumps(parts) + "\n")
    channel.flush()


def call(function: Callable[..., Any], arguments: list[Any]) -> tuple[str, str]:
    """What the call came to: a kind, and the value or what was raised."""
    returned: list[Any] = []
    with Caught() as caught:
        returned.append(function(*arguments))
    if not returned:
        return "raised", str(caught)
    lines: list[str] = []
    with Caught() as caught:
        lines.append(dump(returned[0]))
    return ("returned", lines[0]) if lines else ("not plain", str(caught))


def make_calls() -> None:
    """Do what stdin says."""
    incoming, channel = separated()
    asked = json.load(incoming)
    functions: list[Callable[..., Any]] = []
    with Caught() as caught:
        functions.append(defined(asked["source"], asked["entry_point"]))
    for number, arguments in enumerate(asked["arguments"]):
        if functions:
            answer(channel, number, *call(functions[0], load(arguments)))
        else:
            answer(channel, number, "raised", str(caught))


def answer_calls(source: str, entry_point: str) -> None:
    """Answer call after call that another program makes, until it makes no more."""
    incoming, channel = separated()
    functions: list[Callable[..., Any]] = []
    with Caught() as caught:
        functions.append(defined(source, entry_point))
    for line in incoming:
        if functions:
            answer(channel, *call(functions[0], load(line)))
        else:
            answer(channel, "raised", str(caught))
