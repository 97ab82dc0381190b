"""Plans: answers that call tools, one call a line, resolved before they are judged.

Chain of abstraction (Gao et al. 2024, arXiv 2401.17464): the model writes `y1 = add(20, 35)`, the tools compute. A plan
may only name the task's own constants, so no number of the model's own is trusted.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias, cast

from burnish.protocols import Tool, ToolResult
from burnish.types import JsonValue, Record, canonical_json

MOST_STEPS = 100
LONGEST_PLAN = 20_000
"""Characters of an answer beyond which it is not read as a plan."""

CYCLE = "no line may need its own result"
TWICE = "every name may stand for one result only"
UNDEFINED = "use only names that a line defines"
UNUSED = "leave out lines whose result no other line uses"
FOREIGN = "use only the numbers and words of the task"
TOO_LONG = f"a plan has at most {MOST_STEPS} lines"

_LINE = re.compile(r"\s*([A-Za-z_]\w{0,40})\s*=\s*([A-Za-z_]\w{0,60})\s*\((.*)\)\s*")
_ARGUMENT = re.compile(r'\s*(?:([A-Za-z_]\w{0,40})|(-?[0-9]{1,30}(?:\.[0-9]{1,30})?)|("(?:[^"\\]|\\.)*"))\s*(,|$)')


@dataclass(frozen=True)
class Reference(Record):
    """An argument that is the result of another line."""

    name: str


Argument: TypeAlias = "Reference | JsonValue"


@dataclass(frozen=True)
class Call:
    """One line: `name = tool(arguments)`."""

    name: str
    tool: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Resolution:
    """What a plan came to: the last line's `value`, and all `values` by name; or the `problem`, a sentence a line."""

    value: JsonValue = None
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    problem: str = ""

    @property
    def text(self) -> str:
        """The value as an answer: a whole number without a point, a text as it is."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, float) and self.value.is_integer() and abs(self.value) < 2**53:
            return str(int(self.value))
        return canonical_json(self.value)


def is_plan(answer: str) -> bool:
    """Whether an answer is meant as a plan: one of its lines is a call."""
    return len(answer) <= LONGEST_PLAN and any(_LINE.fullmatch(line) for line in answer.splitlines())


def parse_plan(answer: str) -> list[Call] | None:
    """The calls of a plan, None when a line that is not blank is no call."""
    calls = [_call(line) for line in answer.splitlines() if line.strip()]
    return None if None in calls else cast("list[Call]", calls)


Use = Callable[[str, Mapping[str, JsonValue]], Awaitable[object]]
"""Uses a tool by name with arguments by name; comes to a `ToolResult`, or to something else where the tool failed."""


async def resolve(answer: str, tools: Sequence[Tool], constants: Sequence[JsonValue], use: Use) -> object:
    """Compute a plan, whatever order its lines are in; lines that do not wait for each other are computed at a time.

    Returns a `Resolution`. A cycle, an unknown tool, an undefined name, a constant that is not among `constants`, a
    line that nothing uses and a tool that refuses its arguments are problems, in words that do not repeat the answer.
    What a tool came to that is no `ToolResult` is returned as it is.
    """
    calls = parse_plan(answer)
    by_tool = {tool.name: tool for tool in tools}
    problem = _problem(calls, by_tool, constants)
    if problem or not calls:
        return Resolution(problem=problem)
    by_name = {call.name: call for call in calls}
    sorter = TopologicalSorter({call.name: _names(call) for call in calls})
    try:
        sorter.prepare()
    except CycleError:
        return Resolution(problem=CYCLE)
    values: dict[str, JsonValue] = {}
    while sorter.is_active():
        ready = sorter.get_ready()
        results = await asyncio.gather(*(_used(by_name[name], by_tool, values, use) for name in ready))
        for name, result in zip(ready, results, strict=True):
            if not isinstance(result, ToolResult):
                return result
            if result.error:
                return Resolution(problem=f"{by_name[name].tool}: {result.error}")
            values[name] = result.value
            sorter.done(name)
    return Resolution(values[calls[-1].name], values)


def reinstantiated(answer: str, before: Sequence[JsonValue], after: Sequence[JsonValue]) -> str | None:
    """The plan with each constant of one task replaced by that in its place of another; None where they do not match.

    The other task being the same problem with other constants, a plan that is right has to be right for it too.
    """
    calls = parse_plan(answer)
    if calls is None or len(before) != len(after):
        return None
    places = {canonical_json(constant): place for place, constant in enumerate(before)}

    def written(argument: Argument) -> str:
        if isinstance(argument, Reference):
            return argument.name
        place = places.get(canonical_json(argument))
        return canonical_json(argument if place is None else after[place])

    return "\n".join(f"{c.name} = {c.tool}({', '.join(map(written, c.arguments))})" for c in calls)


def parameters(tool: Tool) -> list[str]:
    """Names of a tool's arguments, in the order in which a plan gives them."""
    properties = tool.parameters.get("properties", {})
    return list(properties) if isinstance(properties, Mapping) else []


def _call(line: str) -> Call | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    name, tool, inside = match.groups()
    arguments: list[Argument] = []
    place = 0
    while place < len(inside) and inside.strip():
        found = _ARGUMENT.match(inside, place)
        if found is None or (found[4] == "," and found.end() == len(inside)):
            return None
        arguments.append(_argument(found))
        place = found.end()
    return None if any(argument is None for argument in arguments) else Call(name, tool, tuple(arguments))


def _argument(found: re.Match[str]) -> Argument:
    name, number, text = found[1], found[2], found[3]
    if name:
        return Reference(name)
    if number:
        return float(number) if "." in number else int(number)
    try:
        return cast("JsonValue", json.loads(text))
    except ValueError:
        return None


def _names(call: Call) -> list[str]:
    return [argument.name for argument in call.arguments if isinstance(argument, Reference)]


def _problem(calls: list[Call] | None, tools: Mapping[str, Tool], constants: Sequence[JsonValue]) -> str:
    """What is wrong with a plan before anything is computed."""
    if not calls:
        return f"every line must be one call, such as {_example(tools)}"
    if len(calls) > MOST_STEPS:
        return TOO_LONG
    used = {name for call in calls for name in _names(call)}
    named = [call.name for call in calls]
    lines = [
        "" if all(call.tool in tools for call in calls) else f"use only the tools {', '.join(tools)}",
        "" if len(set(named)) == len(named) else TWICE,
        "" if used <= set(named) else UNDEFINED,
        "" if set(named) - {named[-1]} <= used else UNUSED,
        "" if all(_allowed(a, constants) for call in calls for a in call.arguments) else FOREIGN,
    ]
    return "\n".join(line for line in lines if line)


def _allowed(argument: Argument, constants: Sequence[JsonValue]) -> bool:
    return isinstance(argument, Reference) or argument in constants


def _example(tools: Mapping[str, Tool]) -> str:
    tool = next(iter(tools.values()))
    return f"y1 = {tool.name}({', '.join(parameters(tool))})"


async def _used(call: Call, tools: Mapping[str, Tool], values: Mapping[str, JsonValue], use: Use) -> object:
    names = parameters(tools[call.tool])
    given = [values[a.name] if isinstance(a, Reference) else a for a in call.arguments]
    if len(given) != len(names):
        return ToolResult(error=f"give {len(names)} arguments")
    return await use(call.tool, dict(zip(names, given, strict=True)))
