"""The scorer of JSON fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from burnish.environments.adapters.tolerance import check_tolerance
from burnish.environments.adapters.verdict import EXPECTED, unparsable
from burnish.environments.built_in.objects import FoundObject, find_object
from burnish.errors import ConfigError
from burnish.types import Feedback, JsonValue, Task, canonical_text

ONLY_OBJECT = "the answer must be one JSON object and nothing else"
NO_REPEATS = "the answer must have every key only once"
NO_MORE_KEYS = "leave out every key that was not asked for"


@dataclass(frozen=True)
class Objects:
    """Right is a JSON object whose `fields` (all of the expected object by default) have the expected values.

    The reward is the share of fields that are right. Texts are equal but for white space, numbers within
    `tolerance`.
    """

    fields: Sequence[str] = ()
    ignore_case: bool = False
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        fields: object = self.fields
        if not isinstance(fields, (list, tuple)) or not all(isinstance(f, str) and f for f in fields):
            raise ConfigError(f"fields is {fields!r}; give a list of keys")
        check_tolerance(self.tolerance)

    def read(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = None
        if not isinstance(value, dict) or not value:
            raise ValueError("must be a JSON object that is not empty")
        for field in self.fields:
            if field not in value:
                raise ValueError(f'has no field "{field}"; it has {", ".join(value)}')
        return {key: value[key] for key in self.fields} if self.fields else value

    def gold(self, task: Task) -> str | None:
        return json.dumps(task.data[EXPECTED], ensure_ascii=False)

    def judge(self, task: Task, answer: str) -> Feedback:
        expected = task.data[EXPECTED]
        assert isinstance(expected, dict)
        found = find_object(answer)
        if found is None:
            return unparsable(ONLY_OBJECT)
        problems = {key: self._problem(key, value, found) for key, value in expected.items()}
        lines = [*_surplus(found, expected), *filter(None, problems.values())]
        parts = {key: float(not problem) for key, problem in problems.items()}
        return Feedback(sum(parts.values()) / len(parts), not lines, "\n".join(lines), parts=parts)

    def _problem(self, key: str, expected: JsonValue, found: FoundObject) -> str:
        if key not in found.values:
            return f'"{key}" must not be left out'
        return "" if self._same(expected, found.values[key]) else f'the value of "{key}" is not the expected one'

    def _same(self, expected: JsonValue, value: object) -> bool:
        if isinstance(expected, str):
            return isinstance(value, str) and self._folded(value) == self._folded(expected)
        if isinstance(expected, dict):  # a nested object is a tuple of pairs
            return (
                isinstance(value, tuple)
                and len(value) == len(expected)
                and all(key in expected and self._same(expected[key], inner) for key, inner in value)
            )
        if isinstance(expected, list):
            return (
                isinstance(value, list)
                and len(value) == len(expected)
                and all(self._same(one, other) for one, other in zip(expected, value, strict=True))
            )
        if isinstance(expected, bool) or isinstance(value, bool) or expected is None:
            return expected is value
        return isinstance(value, (int, float)) and self._near(expected, value)

    def _near(self, expected: float, value: float) -> bool:
        try:
            return expected == value or abs(expected - value) <= self.tolerance
        except OverflowError:  # a whole number beyond all floats
            return False

    def _folded(self, text: str) -> str:
        canonical = canonical_text(text)
        return canonical.casefold() if self.ignore_case else canonical


def _surplus(found: FoundObject, expected: dict[str, JsonValue]) -> list[str]:
    lines = [] if found.alone else [ONLY_OBJECT]
    if found.repeated:
        lines.append(NO_REPEATS)
    if found.values.keys() - expected.keys():
        lines.append(NO_MORE_KEYS)
    return lines
