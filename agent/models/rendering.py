"""The one place where a program and a task become the messages a model sees. Nothing else reaches its context."""

from __future__ import annotations

import re
from collections.abc import Sequence

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.grammar import extraction_grammar
from burnish.types import Exemplar, Message, Program, Task

# The control tokens of the common chat templates. Servers parse them wherever they stand in the text, so a task
# could otherwise open a turn of its own.
_CONTROL_TOKEN = re.compile(
    r"<(?=[|｜])|<(?=/?s>)|<(?=[be]os>)|<(?=(?:reponame|filename)>)|<(?=[a-z]+(?:_[a-z]+)+>)|<(?=</?SYS>>)|\[(?=/?INST\])"
)


def defuse(text: str) -> str:
    """Text in which no chat-template token is left: a space is put behind its first character."""
    return _CONTROL_TOKEN.sub(lambda match: match.group() + " ", text)


def render(program: Program, exemplars: Sequence[Exemplar], task: Task) -> tuple[Message, ...]:
    """System text from the prompt's sections, exemplars as the program renders them, the task last."""
    system = "\n\n".join(text for _, text in program.prompt.sections)
    shown: list[Message] = []
    if program.decoding.rendering == "turns":
        for exemplar in exemplars:
            shown.append(Message("user", defuse(exemplar.prompt)))
            shown.append(Message("assistant", defuse(exemplar.answer)))
    elif exemplars:
        block = "\n\n".join(f"Input: {e.prompt}\nOutput: {e.answer}" for e in exemplars)
        system = f"{system}\n\n{block}".strip()
    head = [Message("system", defuse(system))] if system else []
    return (*head, *shown, Message("user", defuse(task.prompt)))


def task_request(
    program: Program,
    exemplars: Sequence[Exemplar],
    task: Task,
    *,
    temperature: float | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> ChatRequest:
    """The request for one attempt; `temperature` and `top_p` default to the program's."""
    decoding = program.decoding
    extract = decoding.format == "extract"
    return ChatRequest(
        messages=render(program, exemplars, task),
        max_tokens=decoding.max_tokens,
        temperature=decoding.temperature if temperature is None else temperature,
        top_p=decoding.top_p if top_p is None else top_p,
        seed=seed,
        format="text" if decoding.format == "text" else "json",
        grammar=extraction_grammar(defuse(task.prompt)) if extract else "",
    )
