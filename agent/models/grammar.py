"""Grammars that hold an answer to the task's own words and numbers, in GBNF, the notation of llama.cpp.

What a small model copies, it then copies exactly; and a plan names no constant that the task does not hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache

from burnish.agent.models.sketches import MOST_CALLS, Sketch
from burnish.environments.plans import parameters
from burnish.protocols import Tool
from burnish.types import JsonValue

MOST_ONCE = 5
"""Constants up to which a plan is held to its sketch."""

MOST_UNITS = 400
"""Words and marks of a text beyond which the grammar would cost more than the model."""

MOST_EDITED = 40
"""Words of a text up to which an answer may be held to it but for one word."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_TAG = re.compile(r"</?[a-z]+>")
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
        rules.append("number ::= " + " | ".join(_in_json(n) for n in numbers))
    return "\n".join(rules)


def words_grammar(texts: Sequence[str], most: int) -> str:
    """Up to `most` words of these texts and numbers, with spaces or marks between, within the tags that the first text
    asks for.

    A small model that is held to them says less of its own, so that it now and then says what is right.
    """
    found = dict.fromkeys(word for text in texts for word in _WORD.findall(text))
    if not found:
        return ""
    tags = [literal(tag) for tag in _TAG.findall(texts[0])]
    opened, closed = (tags[0], tags[-1]) if len(tags) > 1 else ("", "")
    words = " | ".join(map(literal, list(found)[:MOST_UNITS]))
    return "\n".join(
        [
            f"root ::= {opened} item (mark item){{0,{most - 1}}} {closed}".replace("  ", " ").strip(),
            f"item ::= {words} | number",
            'number ::= "-"? [0-9]{1,8} ("." [0-9]{1,4})?',
            'mark ::= " " | ", " | "-" | "/" | ":" | "\\n"',
        ]
    )


def edit_grammar(text: str) -> str:
    """A text with one of its words replaced by another, with the mark at its end as it is: what tasks ask for that have
    a text corrected or put differently. Empty for one of several lines, or of more than `MOST_EDITED` words.
    """
    body = text.strip()
    end = body[-1:] if body[-1:] in ".!?" else ""
    words = body.removesuffix(end).split(" ")
    if "\n" in body or not all(words) or len(words) > MOST_EDITED:
        return ""
    rules = ["root ::= before0", "new ::= [^ \\n]{1,20}"]
    for place, word in enumerate(words):
        space = '" " ' if place else ""
        last = place == len(words) - 1
        after = literal(end) if last else f"after{place + 1}"
        same = "" if last else f"{space}{literal(word)} before{place + 1} | "
        rules.append(f"before{place} ::= {same}{space}new {after}")
        if place:
            rules.append(f"after{place} ::= {space}{literal(word)} {after}")
    return "\n".join(rules)


def plan_grammar(tools: Sequence[Tool], constants: Sequence[JsonValue]) -> str:
    """Plans in which each argument is a constant of the task or the result of a line above.

    Empty without tools.
    """
    if not tools:
        return ""
    most = min(MOST_CALLS, max(2, len(constants)))
    rules = ["root ::= line1"]
    for n in range(1, most + 1):
        onward = f' ("\\n" line{n + 1})?' if n < most else ""
        rules.append(f'line{n} ::= "y{n} = " call{n}{onward}')
        rules.append(f"call{n} ::= " + " | ".join(_call(tool, n) for tool in tools))
        values = [*(_plain(c) for c in constants), *(f'"y{i}"' for i in range(1, n))]
        rules.append(f"value{n} ::= " + (" | ".join(values) or '"0"'))
    return "\n".join(rules)


def sketch_grammar(tools: Sequence[Tool], constants: Sequence[JsonValue], sketch: Sketch) -> str:
    """Plans whose lines call the tools of `sketch`, and use each constant once at most and each result once.

    A rule stands for a place in the plan and the values that are left for it, so there are as many as there are sets
    of constants: too many beyond `MOST_ONCE`, where the grammar is that of all plans.
    """
    if not sketch.tools or len(constants) > MOST_ONCE:
        return plan_grammar(tools, constants)
    sizes = {tool.name: len(parameters(tool)) for tool in tools}
    parts, holes = _outline(sketch.tools, [sizes[name] for name in sketch.tools])
    rules: dict[str, str] = {}

    @cache
    def rest(hole: int, free: tuple[str, ...], unused: frozenset[int]) -> str:
        """The name of the rule from a hole on: `free` constants and `unused` results are left for it and the rest."""
        name = f"rest{len(rules)}"
        rules[name] = ""  # its place, ahead of the rules it leads to
        after = len(holes) - hole - 1
        due = len(unused) + len(sketch.tools) - holes[hole]  # results still to be used, some of them of lines to come
        values = [(f'"y{i}"', free, unused - {i}) for i in sorted(unused)]
        for i, constant in enumerate(free):
            left = free[i + 1 :] if sketch.in_order else (*free[:i], *free[i + 1 :])
            if due <= after <= due + len(left):
                values.append((constant, left, unused))
        ways = [f"{value} {onward(hole + 1, left, still)}" for value, left, still in values]
        rules[name] = " | ".join(ways)
        return name

    def onward(hole: int, free: tuple[str, ...], unused: frozenset[int]) -> str:
        """The text up to a hole and the rule from there on."""
        text = literal(parts[hole])
        if hole == len(holes):
            return text
        above = holes[hole - 1] if hole else 1
        return f"{text} {rest(hole, free, unused | frozenset(range(above, holes[hole])))}"

    root = onward(0, tuple(_plain(constant) for constant in constants), frozenset())
    return "\n".join([f"root ::= {root}", *(f"{name} ::= {ways}" for name, ways in rules.items())])


def _outline(tools: Sequence[str], sizes: Sequence[int]) -> tuple[list[str], list[int]]:
    """The text of a plan around its holes, one part more than there are holes, and the line of each hole, from 1."""
    parts, holes = [""], []
    for line, (name, size) in enumerate(zip(tools, sizes, strict=True), 1):
        parts[-1] += ("\n" if line > 1 else "") + f"y{line} = {name}("
        for place in range(size):
            holes.append(line)
            parts.append(", " if place + 1 < size else "")
        parts[-1] += ")"
    return parts, holes


def _call(tool: Tool, n: int) -> str:
    arguments = ' ", " '.join([f"value{n}"] * len(parameters(tool)))
    return f'"{tool.name}(" {arguments} ")"'


def _plain(constant: JsonValue) -> str:
    return literal(json.dumps(constant, ensure_ascii=False))


def _run(units: list[re.Match[str]], i: int) -> str:
    """The rule of all runs that begin with unit `i`."""
    rule = f"w{i} ::= {_in_json(units[i].group())}"
    if i + 1 == len(units):
        return rule
    between = " " if units[i].end() < units[i + 1].start() else ""  # only white space stands between units
    return f"{rule} ({_in_json(between)} w{i + 1})?"


def _in_json(text: str) -> str:
    """A GBNF literal of the text as it stands within a JSON string."""
    return literal(json.dumps(text, ensure_ascii=False)[1:-1])


def literal(text: str) -> str:
    """A GBNF literal of the text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
