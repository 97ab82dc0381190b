"""Finding one JSON object in what a model wrote, whatever else it wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

LONGEST = 20_000
"""Characters of the longest answer that is looked at."""

STARTS = 16
"""How many opening braces are tried: a text of nothing but braces must not cost quadratic time."""


@dataclass(frozen=True)
class FoundObject:
    """A JSON object found in an answer.

    `alone` says that the answer is the object and nothing else, but for white space and one code fence.
    `repeated` says that some key of it stands twice; `values` has the last one then. Nested objects are
    tuples of pairs, so no value is ever a dictionary.
    """

    values: dict[str, object] = field(default_factory=dict)
    alone: bool = False
    repeated: bool = False


def find_object(answer: str) -> FoundObject | None:
    """The first JSON object of an answer, or None; never raises.

    NaN, infinities, control characters in strings, nesting beyond the interpreter's limit and answers of
    more than `LONGEST` characters are not JSON here.
    """
    text = _unfenced(answer.strip())
    if len(text) > LONGEST:
        return None
    start = text.find("{")
    for _ in range(STARTS):
        if start < 0:
            break
        try:
            pairs, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        values = dict(pairs)
        return FoundObject(values, alone=start == 0 and end == len(text), repeated=len(values) < len(pairs))
    return None


def _unfenced(text: str) -> str:
    first, newline, rest = text.partition("\n")
    if newline and first.strip() in {"```json", "```"} and rest.endswith("```"):
        return rest.removesuffix("```").strip()
    return text


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=_refuse)
