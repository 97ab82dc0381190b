"""Calls into foreign code: whatever it raises comes back as a value, with the place it was raised at."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LONGEST_SAID = 300
"""Characters of type and message that are shown."""

HERE = str(Path(__file__).parent)
STANDARD_LIBRARY = sysconfig.get_path("stdlib")


@dataclass(frozen=True)
class Raised:
    """What foreign code raised instead of returning."""

    error: BaseException

    def __str__(self) -> str:
        """Type, message and place on one line."""
        message = ""
        with suppress(Exception):  # even `__str__` may be broken
            message = " ".join(str(self.error)[:1000].split())
        said = f"{type(self.error).__name__}: {message}"[:LONGEST_SAID].encode("utf-8", "replace").decode()
        return f"{said} ({self.place})" if self.place else said

    @property
    def place(self) -> str:
        """The innermost line of foreign code, as in `shop.py, line 12`; empty where none was reached, and of a
        SyntaxError, whose message says where.
        """
        if isinstance(self.error, SyntaxError):
            return ""
        frames = traceback.walk_tb(self.error.__traceback__)
        places = [(file, line) for frame, line in frames if _is_foreign(file := frame.f_code.co_filename)]
        return f"{Path(places[-1][0]).name}, line {places[-1][1]}" if places else ""


def guarded_call(call: Callable[[], T]) -> T | Raised:
    """Call foreign code; what it raises, `SystemExit` included, is returned."""
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the boundary
        return Raised(error)


async def guarded_await(awaitable: Awaitable[object]) -> object:
    """Await what foreign code returned; what it raises, `SystemExit` included, is returned."""
    try:
        return await awaitable
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary
        return Raised(error)


def _is_foreign(file: str) -> bool:
    """Whether a file is neither of these folders nor of Python itself; installed packages are foreign."""
    if file.startswith(("<", HERE)):
        return False
    return not file.startswith(STANDARD_LIBRARY) or "-packages" in file
