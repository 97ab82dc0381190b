"""Promises on tools: they return a result for any arguments, and the same result every time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from burnish.environments.foreign import Raised, guarded_call
from burnish.environments.kit.findings import Broken, example
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, count, kept, unknown
from burnish.protocols import Tool, ToolResult
from burnish.types import JsonValue, canonical_json

UNKNOWN_TOOL = "no_such_tool_at_all"


def _deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


WRONG: tuple[Any, ...] = (
    None, True, "", "\x00", "\ud800", "x" * 10_000, "1; import os", 0, -1, 10**400, 1e308, float("nan"), float("inf"),
    -float("inf"), [], {}, [[], {}], {"a": {"b": None}}, _deep(500),
)  # fmt: skip
"""Values that stand in for each argument in turn."""


async def described(probe: EnvironmentProbe) -> Seen:
    """Each tool has a name of its own, a description and a schema that is an object with properties."""
    tools = probe.read(probe.environment, "tools")
    if not isinstance(tools, Sequence) or not tools:
        raise Broken(f"tools is {tools!r:.60}, not a list of `Tool`")
    names = set()
    for tool in tools:
        if not isinstance(tool, Tool):
            raise Broken(f"tools holds {type(tool).__name__} instead of `Tool`")
        problem = _problem(tool)
        if problem or tool.name in names:
            raise Broken(f"tool {tool.name!r:.40}: {problem or 'its name is given twice'}")
        names.add(tool.name)
    return kept(", ".join(tool.name for tool in tools))


async def answer_anything(probe: EnvironmentProbe) -> Seen:
    """A tool gives a `ToolResult` for any arguments, with an error in words for those it cannot take."""
    tried = 0
    for tool in _tools(probe):
        for arguments in _hostile(tool):
            result = await _called(probe, tool.name, arguments)
            if not arguments and _properties(tool) and not result.error:
                raise Broken(f"tool {tool.name} called with no arguments says no error", _shown(tool.name, arguments))
            tried += 1
    result = await _called(probe, UNKNOWN_TOOL, {})
    if not result.error:
        raise Broken("a tool that does not exist is called without an error", _shown(UNKNOWN_TOOL, {}))
    return kept(f"{count(tried + 1, 'call')} with wrong arguments answered")


async def pure(probe: EnvironmentProbe) -> Seen:
    """A tool gives the same result for the same arguments."""
    tried = 0
    for tool in _tools(probe):
        for value in (1, 2.5, "a", True, [1]):
            arguments: dict[str, Any] = dict.fromkeys(_properties(tool), value)
            first, again = [await _called(probe, tool.name, arguments) for _ in range(2)]
            if first != again:
                raise Broken(f"tool {tool.name} gave {first.value!r:.40}, and then {again.value!r:.40}")
            tried += 1
    return kept(f"{count(tried, 'call')} made twice") if tried else unknown("there are no tools")


async def constants(probe: EnvironmentProbe) -> Seen:
    """What a plan may name are numbers and texts, the same each time, none of them the answer alone."""
    seen = 0
    for task in await probe.sample(12):
        found = await probe.call(probe.environment, "constants", task)
        again = await probe.call(probe.environment, "constants", task)
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise Broken(f"constants returned {type(found).__name__}, not a list", example(task))
        for value in found:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise Broken("a constant is neither number nor text", example(task, seen=repr(value)[:80]))
        if list(found) != list(again if isinstance(again, Sequence) else ()):
            raise Broken("constants differ from one call to the next", example(task))
        seen += len(found)
    return kept(f"{count(seen, 'constant')} of 12 tasks") if seen else unknown("no task has any constants")


async def _called(probe: EnvironmentProbe, tool: str, arguments: Mapping[str, JsonValue]) -> ToolResult:
    outcome = await probe.outcome(probe.environment, "call", tool, arguments)
    if not isinstance(outcome, ToolResult):
        what = f"raised {outcome}" if isinstance(outcome, Raised) else f"gave {type(outcome).__name__}"
        raise Broken(f"tool {tool} {what} instead of a `ToolResult`", _shown(tool, arguments))
    error: object = outcome.error
    if not isinstance(error, str):
        raise Broken(f"tool {tool} gave an error that is not text", _shown(tool, arguments))
    plain = guarded_call(lambda: canonical_json(outcome.value).encode())
    if isinstance(plain, Raised):
        raise Broken(f"tool {tool} gave a value that is not JSON: {plain}", _shown(tool, arguments))
    return outcome


def _shown(tool: str, arguments: Mapping[str, JsonValue]) -> Any:
    return example(given=f"{tool}({dict(arguments)!r:.100})")


def _tools(probe: EnvironmentProbe) -> list[Tool]:
    tools = probe.read(probe.environment, "tools")
    return [tool for tool in tools if isinstance(tool, Tool)] if isinstance(tools, Sequence) else []


def _properties(tool: Tool) -> list[str]:
    properties = tool.parameters.get("properties")
    return list(properties) if isinstance(properties, Mapping) else []


def _hostile(tool: Tool) -> Iterator[dict[str, Any]]:
    """Arguments missing, of wrong types, huge, nested, and one too many."""
    names = _properties(tool)
    yield {}
    yield {"no_such_argument": 1}
    yield {**dict.fromkeys(names, 1), "no_such_argument": 1}
    for name in names:
        yield {name: 1}
        yield {other: 1 for other in names if other != name}
        for value in WRONG:
            yield {**dict.fromkeys(names, 1), name: value}
    for value in WRONG:
        yield dict.fromkeys(names, value)


def _problem(tool: Tool) -> str:
    if not tool.name.isidentifier() or not tool.name.isascii():
        return "its name must be letters, digits and underscores, as a plan calls it by that"
    if not tool.description.strip():
        return "it needs a description"
    schema = guarded_call(lambda: json.loads(canonical_json(dict(tool.parameters))))
    if isinstance(schema, Raised) or schema.get("type") != "object":
        return "its parameters must be a JSON schema of type object"
    if not isinstance(schema.get("properties"), dict):
        return "the schema of its parameters must have properties"
    return ""


CALLING = (
    Promise("tools described", "each tool has a name, a description and a schema", described, "tools"),
    Promise("tools answer", "tools answer bad arguments with text", answer_anything, "tools"),
    Promise("tools are pure", "a tool gives the same result again", pure, "tools"),
    Promise("constants", "a plan may name numbers and texts", constants, "tools"),
)
