"""Answers in the shapes of OpenAI's protocol. What is Burnish's own stands in the field `burnish`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from burnish.agent.serving.programs import Offered, Served
from burnish.agent.serving.service import Answer
from burnish.types import JsonValue, Usage

OWN = "burnish"


def completion(answer: Answer, created: int) -> dict[str, JsonValue]:
    """A chat completion."""
    message: dict[str, JsonValue] = {"role": "assistant", "content": answer.text, "refusal": None}
    return {
        "id": answer.id,
        "object": "chat.completion",
        "created": created,
        "model": answer.name,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}],
        "usage": _usage(answer.usage),
        OWN: about(answer),
    }


def chunks(answer: Answer, created: int, *, usage: bool) -> Iterator[str]:
    """The events of a stream. The text comes in one piece, for only the whole answer is the program's: it may be chosen
    among several. The last chunk with a choice has the field `burnish`.
    """

    def chunk(choices: list[JsonValue], **more: JsonValue) -> str:
        head = {"id": answer.id, "object": "chat.completion.chunk", "created": created, "model": answer.name}
        return f"data: {json.dumps({**head, 'choices': choices, **({'usage': None} if usage else {}), **more})}\n\n"

    def choice(delta: JsonValue, finish: str | None = None) -> JsonValue:
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}

    yield chunk([choice({"role": "assistant", "content": ""})])
    yield chunk([choice({"content": answer.text})])
    yield chunk([choice({}, _finish(answer))], **{OWN: about(answer)})
    if usage:
        yield chunk([], usage=_usage(answer.usage))
    yield "data: [DONE]\n\n"


def about(answer: Answer) -> dict[str, JsonValue]:
    """How the answer came about, and what to think of it."""
    return {
        "program": answer.program,
        "iteration": answer.iteration,
        "model": answer.model,
        "exemplars": [{"id": one.id, "cosine": one.cosine} for one in answer.shown],
        "nearest": answer.nearest,
        "least_sealed": answer.least,
        "unlike": answer.unlike,
        "held": answer.held,
        "ignored": list(answer.ignored),
        "notes": [*_unlike(answer), *answer.notes],
    }


def models(offered: Offered, created: int) -> dict[str, JsonValue]:
    """The list of models."""
    return {"object": "list", "data": [model(served, created) for served in offered.by_name.values()]}


def model(served: Served, created: int) -> dict[str, JsonValue]:
    """A model: the program of a name."""
    own: dict[str, JsonValue] = {"program": served.program.id, "iteration": served.iteration}
    return {"id": served.name, "object": "model", "created": created, "owned_by": "burnish", OWN: own}


def _unlike(answer: Answer) -> Iterator[str]:
    if answer.unlike:
        yield (
            f"The text is less like anything in memory (cosine {answer.nearest:.2f}) than every task of the sealed "
            f"test was ({answer.least:.2f} at least): that test says nothing of an answer to it."
        )


def _finish(answer: Answer) -> str:
    return "length" if answer.truncated else "stop"


def _usage(usage: Usage) -> dict[str, JsonValue]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
