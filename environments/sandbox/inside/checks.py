"""Runs a check that holds the expected values, against a function that is in another sandbox.

Only plain values come back from there, so `==` in the check is Python's own. Whoever reads stderr believes that the
check passed when it ends in the token, which exists in no other process.
"""

from __future__ import annotations

import builtins
import json
import sys
from typing import IO, Any, NoReturn

from burnish.environments.sandbox.inside.calls import separated
from burnish.environments.sandbox.inside.values import dump, load


class CandidateError(Exception):
    """The candidate failed in a way that has no name in builtins."""


class Absent:
    """Stands in for the candidate: sends arguments, waits for the value."""

    def __init__(self, incoming: IO[str], outgoing: IO[str]) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def __call__(self, *arguments: Any) -> Any:
        self._outgoing.write(dump(list(arguments)) + "\n")
        self._outgoing.flush()
        line = self._incoming.readline()
        if not line.endswith("\n"):
            raise CandidateError("the candidate's process has ended")
        kind, content = json.loads(line)
        if kind != "returned":
            raise_again(kind, str(content))
        return load(content)


def raise_again(kind: object, text: str) -> NoReturn:
    """Raise what the candidate did where that is a common exception, so that a check may expect it."""
    name, _, message = text.partition(": ")
    known = getattr(builtins, name, None) if kind == "raised" else None
    if isinstance(known, type) and issubclass(known, Exception) and not issubclass(known, UnicodeError):
        raise known(message)
    raise CandidateError(text)


def check(test_source: str, entry_point: str, token: str) -> None:
    """Run the test's `check`; say the token when it has returned."""
    candidate = Absent(*separated())
    module = type(sys)("test")
    sys.modules["test"] = module
    module.__dict__[entry_point] = candidate
    exec(compile(test_source, "test.py", "exec"), module.__dict__)  # noqa: S102 - what it is for
    module.__dict__[entry_point] = candidate
    module.__dict__["check"](candidate)
    sys.stderr.write(f"\n{token}\n")
    sys.stderr.flush()
