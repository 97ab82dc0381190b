"""The scorer of regular expressions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from burnish.environments.adapters.answers import final_answer
from burnish.environments.adapters.verdict import EXPECTED, RIGHT, unparsable, wrong
from burnish.environments.verdicts import failed
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, Status, Task

EMPTY = "the answer must not be empty"
NO_MATCH = "the answer does not have the expected form"
SLOW = "the regular expression takes too long on an answer; write it without nested repetitions"

SECONDS = 1.0
"""How long one match may take: a pattern may backtrack for longer than the world stands."""


@dataclass(frozen=True)
class Pattern:
    """Right is a text that the regular expression matches as a whole: `pattern`, or else that of each line.

    With a `pattern`, a line's answer is an example that must match it.
    """

    pattern: str = ""

    def __post_init__(self) -> None:
        if self.pattern:
            check_pattern(self.pattern, option="pattern")

    def read(self, value: JsonValue) -> JsonValue:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("must be a text that is not empty")
        if not self.pattern:
            _compiled(value)
        elif not matches(self.pattern, value.strip()):
            raise ValueError("does not match the pattern")
        return value

    def gold(self, task: Task) -> str | None:
        return str(task.data[EXPECTED]) if self.pattern else None

    def judge(self, task: Task, answer: str) -> Feedback:
        found = final_answer(answer)
        if not found:
            return unparsable(EMPTY)
        matched = matches(self.pattern or str(task.data[EXPECTED]), found)
        if matched is None:
            return failed(Status.TIMEOUT, SLOW)
        return RIGHT if matched else wrong(NO_MATCH)


def check_pattern(pattern: str, *, option: str) -> None:
    """Raise a `ConfigError` unless a text is a regular expression; `option` is where it was written."""
    try:
        _compiled(pattern)
    except ValueError as error:
        raise ConfigError(f"{option} {error}") from None


def matches(pattern: str, text: str) -> bool | None:
    """Whether a text is as a whole what a pattern describes; None where it takes too long to tell."""
    try:
        return bool(_compiled(pattern).fullmatch(text, timeout=SECONDS))
    except TimeoutError:
        return None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    import regex  # type: ignore[import-untyped]  # `re` knows no time limit, and holds the interpreter lock

    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression ({error})") from None
