"""Tools made of plain functions: the schema is read off the signature, the arguments are checked against it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_type_hints

from burnish.protocols import Tool, ToolResult
from burnish.types import JsonValue

KINDS: Mapping[type, str] = MappingProxyType({float: "number", int: "integer", str: "string", bool: "boolean"})
"""JSON Schema's word for an annotation."""

TYPES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {"number": (int, float), "integer": (int,), "string": (str,), "boolean": (bool,)}
)


class Toolbox:
    """Tools by name. A function takes numbers and texts by position, and says by `ValueError` what it cannot do."""

    def __init__(self, *functions: Callable[..., JsonValue]) -> None:
        self._functions = {function.__name__: function for function in functions}
        self.tools = tuple(_tool(function) for function in functions)
        self._parameters = {tool.name: _kinds(tool) for tool in self.tools}

    def call(self, tool: str, arguments: Mapping[str, JsonValue]) -> ToolResult:
        """Use a tool; wrong arguments and a `ValueError` are the result's error."""
        if tool not in self._functions:
            return ToolResult(error=f"there is no such tool; there are {', '.join(self._functions)}")
        kinds = self._parameters[tool]
        if arguments.keys() != kinds.keys():
            return ToolResult(error=f"give the arguments {', '.join(kinds)}")
        for name, kind in kinds.items():
            if not _is(arguments[name], kind):
                return ToolResult(error=f"{name} must be a {kind}")
        try:
            value = self._functions[tool](*(arguments[name] for name in kinds))
        except (ValueError, OverflowError) as error:
            return ToolResult(error=str(error))
        if isinstance(value, float) and not math.isfinite(value):
            return ToolResult(error="the result is too large")
        return ToolResult(value)


def _tool(function: Callable[..., JsonValue]) -> Tool:
    hints = get_type_hints(function)
    properties: dict[str, JsonValue] = {
        name: {"type": KINDS[hints[name]]} for name in inspect.signature(function).parameters
    }
    schema: dict[str, JsonValue] = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(function.__name__, (inspect.getdoc(function) or "").partition("\n")[0], schema)


def _kinds(tool: Tool) -> dict[str, str]:
    properties: Any = tool.parameters["properties"]
    return {name: schema["type"] for name, schema in properties.items()}


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool) != (kind == "boolean"):
        return False
    return isinstance(value, TYPES[kind]) and (not isinstance(value, float) or math.isfinite(value))
