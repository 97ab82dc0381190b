"""Scorers by name: what an expected answer must be, and when an answer is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Protocol, Self

from burnish.environments.adapters.answers import final_answer
from burnish.environments.adapters.functions import function
from burnish.environments.adapters.numbers import NOT_READ, expected_number, number_of, numbers_in
from burnish.environments.adapters.objects import Objects
from burnish.environments.adapters.patterns import Pattern
from burnish.environments.adapters.tolerance import check_tolerance
from burnish.environments.adapters.verdict import EXPECTED, RIGHT, unparsable, wrong
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, Task, canonical_text

EMPTY = "the answer must not be empty"
NOT_EXPECTED = "the answer is not the expected one"
CAPITALS = "the answer is the expected one but for capitals"
HOLDS_MORE = "the answer holds more than the expected one; give that alone"
ONE_NUMBER = "the answer must hold one number"
UNREADABLE_NUMBER = f"the answer must be a number {NOT_READ}"
ONLY_NUMBER = "the answer must be the number and nothing else"
WRONG_NUMBER = "the number is not the expected one"
NOT_WHOLE = "a whole number is expected"
NOT_HELD = "the answer does not name what is asked for"
ONLY_ONE = "name one thing only, and once"
SHORTER = "the answer must be short, without the question or an explanation"

NO_OPTION = MappingProxyType({"option": False})
"""Of fields that are none."""

HALF = 0.5
"""Reward of an answer that holds the right thing and more."""


class Scorer(Protocol):
    """Judges answers against what a line of the file expects. Its fields are its options."""

    def read(self, value: JsonValue) -> JsonValue:
        """The expectation, as it is kept in the task.

        Raises:
            ValueError: the value is none; the message says what it must be.

        """
        ...

    def gold(self, task: Task) -> str | None:
        """An answer that is right, if one is known."""
        ...

    def judge(self, task: Task, answer: str) -> Feedback:
        """The verdict; never raises on any answer."""
        ...


def _text(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not str(value).strip():
        raise ValueError("must be a text or a number that is not empty")
    return str(value)


@dataclass(frozen=True)
class Exact:
    """Right is the expected text, but for white space."""

    ignore_case: bool = False
    most_words: int = field(default=0, metadata=NO_OPTION)

    def among(self, tasks: Sequence[Task]) -> Self:
        """The scorer that knows how many words the expected texts of train tasks have at most."""
        words = [len(str(task.data[EXPECTED]).split()) for task in tasks if task.split == "train"]
        return replace(self, most_words=max(words, default=0))

    def read(self, value: JsonValue) -> JsonValue:
        return _text(value)

    def gold(self, task: Task) -> str | None:
        return str(task.data[EXPECTED])

    def judge(self, task: Task, answer: str) -> Feedback:
        found = final_answer(answer)
        if not found:
            return unparsable(EMPTY)
        text, right = (_folded(one, self.ignore_case) for one in (found, str(task.data[EXPECTED])))
        return RIGHT if text == right else wrong(self._why(text, right))

    def _why(self, text: str, right: str) -> str:
        """What is wrong with an answer, without giving the right one away."""
        if text.casefold() == right.casefold():
            return CAPITALS
        if f" {right} " in f" {text} ":
            return HOLDS_MORE
        if self.most_words and len(text.split()) > self.most_words:
            return f"the answer has too many words; expected are {self.most_words} at most"
        return NOT_EXPECTED


def _folded(text: str, ignore_case: bool) -> str:
    canonical = canonical_text(text)
    return canonical.casefold() if ignore_case else canonical


@dataclass(frozen=True)
class Number:
    """Right is a number within `tolerance` of the expected one; see `numbers.py` for how it is read."""

    tolerance: float = 0.0

    def __post_init__(self) -> None:
        check_tolerance(self.tolerance)

    def read(self, value: JsonValue) -> JsonValue:
        return expected_number("" if isinstance(value, bool) else str(value))

    def gold(self, task: Task) -> str | None:
        return str(task.data[EXPECTED])

    def judge(self, task: Task, answer: str) -> Feedback:
        found = final_answer(answer)
        alone = number_of(found)
        numbers = [alone] if alone is not None else numbers_in(found)
        if None in numbers:
            return unparsable(UNREADABLE_NUMBER)
        if len(numbers) != 1:
            return unparsable(ONE_NUMBER)
        (number,), right = numbers, number_of(str(task.data[EXPECTED]))
        assert number is not None
        assert right is not None
        if abs(number - right) > Decimal(repr(self.tolerance)):
            return wrong(NOT_WHOLE if right == int(right) and number != int(number) else WRONG_NUMBER)
        return RIGHT if alone is not None else wrong(ONLY_NUMBER, HALF)


@dataclass(frozen=True)
class Contains:
    """Right is a text that holds the expected one as whole words; verified when it holds little else.

    Little else: it holds the expected text once and the expected text of no other line, and is at most `slack`
    characters longer. So neither the prompt said again nor a list of all possibilities is verified.
    """

    ignore_case: bool = True
    slack: int = 80
    others: frozenset[str] = field(default=frozenset(), metadata=NO_OPTION)

    def __post_init__(self) -> None:
        if self.slack < 0:
            raise ConfigError(f"slack is {self.slack}; give the characters that an answer may be longer, 0 or more")

    def read(self, value: JsonValue) -> JsonValue:
        return _text(value)

    def among(self, tasks: Sequence[Task]) -> Self:
        """The scorer that knows what all tasks expect."""
        return replace(self, others=frozenset(self._words(str(task.data[EXPECTED])) for task in tasks))

    def gold(self, task: Task) -> str | None:
        return str(task.data[EXPECTED])

    def judge(self, task: Task, answer: str) -> Feedback:
        found = final_answer(answer)
        if not found:
            return unparsable(EMPTY)
        text, right = self._words(found), self._words(str(task.data[EXPECTED]))
        if right not in text:
            return wrong(NOT_HELD)
        if len(found) > len(str(task.data[EXPECTED])) + self.slack:
            return wrong(SHORTER, HALF)
        rest = text.replace(right, " | ", 1)
        if right in rest or any(other in rest for other in self.others if other != right):
            return wrong(ONLY_ONE, HALF)
        return RIGHT

    def _words(self, text: str) -> str:
        """Words between single spaces, so that one text holds another only as whole words."""
        folded = _folded(text, self.ignore_case)
        words = "".join(c if c.isalnum() else f" {c} " if not c.isspace() else " " for c in folded).split()
        return f" {' '.join(words)} "


@dataclass(frozen=True)
class Own:
    """Right is what a function of yours says: `name(prompt, expected, answer)` returns a number from 0 to 1, or a
    number and a text that says what is wrong.
    """

    function: str = ""

    def __post_init__(self) -> None:
        function(self.function, option="function")  # a wrong name is said at once

    def read(self, value: JsonValue) -> JsonValue:
        return value

    def gold(self, _task: Task) -> str | None:
        return None

    def judge(self, task: Task, answer: str) -> Feedback:
        returned = self._call(task.prompt, task.data[EXPECTED], answer)
        reward, text = returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, "")
        if not isinstance(reward, (bool, int, float)):
            raise TypeError(f"{self.function} returned {type(reward).__name__}, not a number")
        if not 0 <= reward <= 1:  # not a number is neither
            raise ValueError(f"{self.function} returned {reward}; a reward is from 0 to 1")
        reward = float(reward)
        return Feedback(reward, reward == 1.0, str(text) or ("" if reward == 1.0 else NOT_EXPECTED))

    @cached_property
    def _call(self) -> Callable[..., object]:
        return function(self.function, option="function")


SCORERS: Mapping[str, Callable[..., Scorer]] = MappingProxyType(
    {"exact": Exact, "number": Number, "json": Objects, "regex": Pattern, "contains": Contains, "function": Own}
)
