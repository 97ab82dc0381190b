"""Grammars that hold an answer to the task's own words and numbers, in GBNF, the notation of llama.cpp.

What a small model copies, it then copies exactly; and a plan names no constant that the task does not hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from burnish.environments.plans import parameters
from burnish.protocols import Tool
from burnish.types import JsonValue

MOST_CALLS = 8
"""Lines a plan may have; fewer for a task of few constants: a plan that uses each once needs no more than those."""

MOST_ONCE = 5
"""Constants up to which a grammar sees to it that each stands once: it has a rule for every set of those left."""

MOST_UNITS = 400
"""Words and marks of a text beyond which the grammar would cost more than the model."""

_UNIT = re.compile(r"[^\W_]+|[^\w\s]|_")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

_JSON = r"""
root ::= object
object ::= "{" ws (pair ("," ws pair)*)? "}"
pair ::= key ":" ws value ws
array ::= "[" ws (value ws ("," ws value ws)*)? "]"
value ::= object | array | "true" | "false" | "null" NUMBER TEXT
key ::= "\"" [^"\\\x7F\x00-\x1F]{1,40} "\""
ws ::= | " " | "\n" [ \t]{0,8}
"""


def extraction_grammar(text: str) -> str:
    """A JSON object whose texts are runs of words of `text` and whose numbers are among its numbers, keys being free.

    Empty for a text without words, or with more than `MOST_UNITS`: then nothing is asked of the server.
    """
    units = list(_UNIT.finditer(text))
    words = [i for i, unit in enumerate(units) if unit.group()[0].isalnum()]
    if not words or len(units) > MOST_UNITS:
        return ""
    numbers = dict.fromkeys(_NUMBER.findall(text))
    starts = " | ".join(f"w{i}" for i in words)
    rules = [
        _JSON.replace("NUMBER", "| number" if numbers else "").replace("TEXT", '| "\\"" text "\\""').strip(),
        f"text ::= {starts}",
        *(_run(units, i) for i in range(len(units))),
    ]
    if numbers:
        rules.append("number ::= " + " | ".join(_literal(n) for n in numbers))
    return "\n".join(rules)


def plan_grammar(tools: Sequence[Tool], constants: Sequence[JsonValue]) -> str:
    """Plans in which each argument is a constant of the task or the result of a line above.

    Each constant stands in a plan once, as long as they are few; so does each result, which rules out lines that
    nothing uses. Empty without tools.
    """
    if not tools:
        return ""
    most = min(MOST_CALLS, max(2, len(constants)))
    enough = any(len(parameters(tool)) <= len(constants) for tool in tools)
    rules = _Rules(tools, constants, most, once=enough and len(constants) <= MOST_ONCE)
    return "\n".join(rules.all())


class _Rules:
    """The rules of plans, each for a line and the values that are left for it and what follows."""

    def __init__(self, tools: Sequence[Tool], constants: Sequence[JsonValue], most: int, *, once: bool) -> None:
        self._tools = tools
        self._constants = [_plain(constant) for constant in constants]
        self._most = most
        self._once = once
        self._rules: dict[str, str] = {}
        self._waiting: list[tuple[int, frozenset[str], int]] = []

    def all(self) -> list[str]:
        """Every rule that the first line leads to."""
        root = self._line(1, frozenset(self._constants))
        for number, left, arguments in iter(self._next, None):
            self._values(number, left, arguments)
        return [f"root ::= {root}", *(f"{name} ::= {body}" for name, body in self._rules.items())]

    def _next(self) -> tuple[int, frozenset[str], int] | None:
        return self._waiting.pop() if self._waiting else None

    def _line(self, number: int, left: frozenset[str]) -> str:
        """A call on line `number`."""
        calls = [f'"{tool.name}(" {self._rest(number, left, len(parameters(tool)))}' for tool in self._usable(left)]
        return f'"y{number} = " ({" | ".join(calls)})'

    def _usable(self, left: frozenset[str]) -> list[Tool]:
        """The tools for whose arguments enough is left."""
        return [tool for tool in self._tools if not self._once or len(parameters(tool)) <= len(left)]

    def _rest(self, number: int, left: frozenset[str], arguments: int) -> str:
        """The name of the rule for the arguments that are still wanted, and all lines after them."""
        places = [str(i) for i, c in enumerate(self._constants) if c in left]
        results = [value.strip('"') for value in sorted(left) if value.startswith('"y')]
        name = "-".join([f"n{number}", f"a{arguments}", *places, *results])
        if name not in self._rules:
            self._rules[name] = ""
            self._waiting.append((number, left, arguments))
        return name

    def _values(self, number: int, left: frozenset[str], arguments: int) -> None:
        name = self._rest(number, left, arguments)
        if arguments == 0:
            self._rules[name] = f'")"{self._onward(number, left)}'
            return
        between = ' ", "' if arguments > 1 else ""
        ways = [
            f"{value}{between} {self._rest(number, left - {value} if self._once else left, arguments - 1)}"
            for value in self._ordered(left)
        ]
        self._rules[name] = " | ".join(ways) or '"0)"'

    def _onward(self, number: int, left: frozenset[str]) -> str:
        """The end, where no result is left unused, or one more line."""
        unused = any(value.startswith('"y') for value in left)
        result = f'"y{number}"'
        if number == self._most or not self._usable(left | {result}):
            return ""
        line = '"\\n" ' + self._line(number + 1, left | {result})
        return f" {line}" if unused and self._once else f" ({line})?"

    def _ordered(self, left: frozenset[str]) -> list[str]:
        """Constants in the task's order, then results."""
        return [c for c in dict.fromkeys(self._constants) if c in left] + sorted(left - set(self._constants))


def _plain(constant: JsonValue) -> str:
    text = json.dumps(constant, ensure_ascii=False)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _run(units: list[re.Match[str]], i: int) -> str:
    """The rule of all runs that begin with unit `i`."""
    rule = f"w{i} ::= {_literal(units[i].group())}"
    if i + 1 == len(units):
        return rule
    between = " " if units[i].end() < units[i + 1].start() else ""  # only white space stands between units
    return f"{rule} ({_literal(between)} w{i + 1})?"


def _literal(text: str) -> str:
    """A GBNF literal of the text as it stands within a JSON string."""
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return '"' + inside.replace("\\", "\\\\").replace('"', '\\"') + '"'
