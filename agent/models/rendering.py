"""The one place where a program and a task become the messages a model sees. Nothing else reaches its context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.grammar import extraction_grammar
from burnish.programs import Program
from burnish.protocols import Tool
from burnish.types import Exemplar, Message, Played

# The control tokens of chat templates: those of all families that llama.cpp has a template for, and those that
# tokenizers reserve. Servers parse them wherever they stand in the text, so a task could speak as the system.
_ANGLED = (
    r"[|｜]", r"/?s>", r"/?SYS>>", r"<SYS>>", r"(?:[be]os|unk|pad|mask|sep|cls|sop|eop|eod|eot|eom|bop|mask_\d+)>",
    r"(?:unused|extra_id_|reserved_?|special_?)\d+>", r"seed:[a-z_:]+>", r"0x[0-9A-Fa-f]{2}>",
    r"/?(?:AI|用户|role|think|reponame|filename|image|audio|video)>", r"fim-(?:prefix|middle|suffix|pad)>",
    r"/?[a-z]+(?:_[a-z0-9]+)+>", r"/?[A-Z]+(?:_[A-Z]+)+>",
)  # fmt: skip
_BRACKETED = (
    r"\|", r"@BOS@\]", r"unused\d+\]", r"[gs]?MASK\]",
    r"(?:SEP|CLS|PAD|UNK|BOS|EOS|ARGS|CALL_ID|PREFIX|MIDDLE|SUFFIX)\]",
    r"/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS?|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|THINK|IMG|IMG_BREAK"
    r"|IMG_END|AUDIO|BEGIN_AUDIO|TRANSCRIBE)\]",
)  # fmt: skip
_DOUBLED = r">(?=>(?:QUESTION|ANSWER|TITLE|ABSTRACT|INTRODUCTION|SUMMARY|COMMENT|DOMAIN|PREFIX|MIDDLE|SUFFIX)<<)"
_CONTROL_TOKEN = re.compile(rf"<(?={'|'.join(_ANGLED)})|\[(?={'|'.join(_BRACKETED)})|{_DOUBLED}")


class Query(Protocol):
    """What an answer is asked to: a task, or a turn of one."""

    @property
    def id(self) -> str:
        """The id of the task."""
        ...

    @property
    def prompt(self) -> str:
        """All the model sees of it."""
        ...


BEST = "seed"
"""The origin that a program with tags asks for, as instruction backtranslation does: what people made."""


def defuse(text: str) -> str:
    """Text in which no chat-template token is left: a space is put behind its first character."""
    return _CONTROL_TOKEN.sub(lambda match: match.group() + " ", text)


def render(
    program: Program, exemplars: Sequence[Exemplar], query: Query, earlier: Sequence[Played] = ()
) -> tuple[Message, ...]:
    """System text from the prompt's sections, exemplars as the program renders them, earlier turns, the query."""
    system = "\n\n".join(text for _, text in program.prompt.sections)
    tagged = program.decoding.tags
    known = [(_tagged(e.prompt, e.origin) if tagged else e.prompt, e.answer) for e in exemplars]
    rendering = program.decoding.rendering
    pairs = [] if rendering == "block" else known
    if exemplars and not pairs:
        block = "\n\n".join(f"Input: {prompt}\nOutput: {answer}" for prompt, answer in known)
        system = f"{system}\n\n{block}".strip()
    pairs += [(turn.observation, turn.action) for turn in earlier]
    head = [Message("system", defuse(system))] if system and rendering != "beside" else []
    shown = [m for user, model in pairs for m in (Message("user", defuse(user)), Message("assistant", defuse(model)))]
    asked = _tagged(query.prompt, BEST) if tagged else query.prompt
    asked = f"{system}\n\n{asked}".strip() if rendering == "beside" else asked
    return (*head, *shown, Message("user", defuse(asked)))


def _tagged(prompt: str, origin: str) -> str:
    return f"{prompt}\nOrigin: {origin}"


def told_of_tools(tools: Sequence[Tool]) -> str:
    """What a model has to know to write a plan that no grammar holds it to: its form, and each tool."""
    lines = [f"- {_signature(tool)}: {' '.join(tool.description.split())}".rstrip(": ") for tool in tools]
    return "\n".join([PLAN_FORM, *lines])


PLAN_FORM = (
    "Answer with a plan: one call a line, such as y1 = TOOL(2, 3). A later line may name an earlier result, as y1. "
    "The last line gives the answer. There are these tools:"
)


def _signature(tool: Tool) -> str:
    properties = tool.parameters.get("properties")
    given = properties if isinstance(properties, Mapping) else {}
    kinds = ((name, kind.get("type", "") if isinstance(kind, Mapping) else "") for name, kind in given.items())
    return f"{tool.name}({', '.join(f'{name}: {kind}' if kind else name for name, kind in kinds)})"


def task_request(
    program: Program,
    exemplars: Sequence[Exemplar],
    query: Query,
    *,
    earlier: Sequence[Played] = (),
    grammar: str = "",
    temperature: float | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> ChatRequest:
    """The request for one answer; `temperature` and `top_p` default to the program's.

    `grammar` holds the answer to it; a program that extracts has its own. At temperature 0 there is no `seed`: it would
    make two requests of one.
    """
    decoding = program.decoding
    temperature = decoding.temperature if temperature is None else temperature
    if decoding.format == "extract":
        grammar = extraction_grammar(defuse(query.prompt))
    return ChatRequest(
        messages=render(program, exemplars, query, earlier),
        max_tokens=decoding.max_tokens,
        temperature=temperature,
        top_p=decoding.top_p if top_p is None else top_p,
        seed=seed if temperature else None,
        format="json" if decoding.format in {"json", "extract"} else "text",
        grammar=grammar,
        adapter=program.adapter,
    )
