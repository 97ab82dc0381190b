"""The one place where a program and a task become the messages a model sees. Nothing else reaches its context."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.grammar import extraction_grammar
from burnish.programs import Program
from burnish.types import Exemplar, Message, Played

# The control tokens of the common chat templates. Servers parse them wherever they stand in the text, so a task
# could otherwise open a turn of its own.
_CONTROL_TOKEN = re.compile(
    r"<(?=[|｜])|<(?=/?s>)|<(?=[be]os>)|<(?=(?:reponame|filename)>)|<(?=[a-z]+(?:_[a-z]+)+>)|<(?=</?SYS>>)|\[(?=/?INST\])"
)


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
