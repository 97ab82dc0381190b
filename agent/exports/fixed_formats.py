"""A champion with fixed exemplars as text: chat messages, a LangChain prompt, a DSPy program.

None of these libraries is imported: their formats are plain JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from types import MappingProxyType

from burnish.agent.exports.fixed import FixedProgram
from burnish.agent.exports.losses import about
from burnish.agent.exports.modelfile import modelfile
from burnish.agent.exports.program_options import FixedFormat
from burnish.agent.models.rendering import task_request
from burnish.types import JsonValue, Message, Task

CLASSES = MappingProxyType({"system": "SystemMessage", "user": "HumanMessage", "assistant": "AIMessage"})
"""LangChain's names of messages, by role."""
VARIABLE = "task"


def fixed_text(fixed: FixedProgram, form: FixedFormat) -> str:
    """What the file of a format says; the same for the same program.

    Raises:
        ConfigError: the format cannot hold a text of the program; it says which.

    """
    return WRITERS[form](fixed)


def _as_json(value: Mapping[str, JsonValue]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _messages(fixed: FixedProgram) -> str:
    """The messages of a chat API with a place for the task, and the other parameters of a request."""
    body = _request(fixed)
    place = _place([message.content for message in fixed.frame.around("")])
    said: list[JsonValue] = [{"role": m.role, "content": m.content} for m in fixed.frame.around(place)]
    return _as_json({"messages": said, "place": place, "parameters": body, "about": about(fixed, "messages")})


def _request(fixed: FixedProgram) -> dict[str, JsonValue]:
    """The parameters of a request but for model and messages, as the run sent them; no grammar, which few servers take
    and which may be another for each task.
    """
    request = replace(task_request(fixed.program, (), Task(fixed.environment, "")), grammar="")
    body = request.body("")
    del body["messages"]
    return body


def _place(texts: list[str]) -> str:
    """What stands for the task, such as no text has in it."""
    places = (f"{{{VARIABLE}{number or ''}}}" for number in count())
    return next(place for place in places if not any(place in text for text in texts))


def _langchain(fixed: FixedProgram) -> str:
    """A ChatPromptTemplate. Only the last message is a template: braces in the others stay what they are."""
    frame = fixed.frame
    template = _constructed(
        ["prompts", "prompt", "PromptTemplate"],
        {
            "input_variables": [VARIABLE],
            "template": f"{_escaped(frame.before)}{{{VARIABLE}}}{_escaped(frame.after)}",
            "template_format": "f-string",
        },
    )
    asked = _constructed(["prompts", "chat", "HumanMessagePromptTemplate"], {"prompt": template})
    head: list[JsonValue] = [_langchain_message(message) for message in frame.head]
    facts = about(fixed, "langchain") | {"parameters": _request(fixed)}
    return _as_json(
        _constructed(
            ["prompts", "chat", "ChatPromptTemplate"],
            {"input_variables": [VARIABLE], "messages": [*head, asked], "metadata": {"burnish": facts}},
        )
    )


def _constructed(path: list[str], arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", *path], "kwargs": arguments}


def _langchain_message(message: Message) -> dict[str, JsonValue]:
    return _constructed(["schema", "messages", CLASSES[message.role]], {"content": message.content})


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _dspy(fixed: FixedProgram) -> str:
    """The state of `dspy.Predict("task -> answer")`: the instruction, and the exemplars as demos."""
    head = list(fixed.turns.frame.head)
    instruction = head.pop(0).content if head and head[0].role == "system" else ""
    asked, answered = head[::2], head[1::2]
    demos: list[JsonValue] = [{VARIABLE: a.content, "answer": b.content} for a, b in zip(asked, answered, strict=True)]
    fields: list[JsonValue] = [
        {"prefix": f"{name.title()}:", "description": f"${{{name}}}"} for name in (VARIABLE, "answer")
    ]
    facts = about(fixed, "dspy") | {"parameters": _request(fixed)}
    return _as_json(
        {
            "traces": [],
            "train": [],
            "demos": demos,
            "signature": {"instructions": instruction, "fields": fields},
            "lm": None,
            # of no versions, as none wrote it: DSPy warns where those it finds here are not its own
            "metadata": {"dependency_versions": {}, "burnish": facts},
        }
    )


WRITERS: Mapping[FixedFormat, Callable[[FixedProgram], str]] = MappingProxyType(
    {"messages": _messages, "langchain": _langchain, "dspy": _dspy, "ollama": modelfile}
)
