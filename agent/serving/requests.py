"""From the body of a chat request to what is asked. What would make the answer another program's is refused, or ignored
and named in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from burnish.agent.serving.programs import Offered, Served
from burnish.agent.serving.refusals import Refused
from burnish.agent.serving.service import Asked
from burnish.types import Played

SystemMessages = Literal["refuse", "merge"]

REFUSED: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "stop": ([], ""),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
}
"""Settings that ask for another kind of answer, each with the values by which they do not."""
WITHOUT_EFFECT = frozenset(
    {"model", "messages", "stream", "stream_options", "response_format", "user", "metadata", "store"}
    | {"service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"}
)
"""Settings that no answer depends on, or that are looked at elsewhere."""
NEUTRAL: Mapping[str, object] = {"frequency_penalty": 0, "presence_penalty": 0}
"""What settings are worth that programs have not."""
JSON_FORMATS = ("json", "extract")


@dataclass(frozen=True)
class ChatQuery:
    """A chat request: what is asked, and whether the answer is to be streamed, and its usage with it."""

    asked: Asked
    stream: bool
    usage: bool


def read_query(body: object, offered: Offered, *, episodic: bool, system: SystemMessages) -> ChatQuery:
    """What a request asks.

    Raises:
        Refused: the body is no chat request, names no program that is served, or asks for what a program does not do.

    """
    if not isinstance(body, dict):
        raise Refused("The body must be a JSON object with `model` and `messages`.")
    served = _served(body.get("model"), offered)
    for name, values in REFUSED.items():
        if body.get(name) is not None and body[name] not in values:
            raise Refused(
                f"`{name}` would change the program, whose answers are what was tested; leave it out.", param=name
            )
    _check_format(body.get("response_format"), served)
    text, earlier = _texts(body.get("messages"), episodic=episodic, system=system)
    options = body.get("stream_options")
    asked = Asked(served.name, text, earlier, _ignored(body, served))
    return ChatQuery(
        asked, body.get("stream") is True, isinstance(options, dict) and options.get("include_usage") is True
    )


def _served(model: object, offered: Offered) -> Served:
    if not isinstance(model, str):
        raise Refused(f"`model` must be one of {_names(offered)}.", param="model")
    if model not in offered.by_name:
        raise Refused(
            f"There is no model {model[:80]!r}; there are {_names(offered)}.",
            status=404,
            param="model",
            code="model_not_found",
        )
    return offered.by_name[model]


def _names(offered: Offered) -> str:
    names = [name for name in offered.by_name if not name.startswith("iteration-")]
    last = max(one.iteration for name, one in offered.by_name.items() if name not in names)
    return ", ".join([*names, f"iteration-0 to iteration-{last}"])


def _check_format(wanted: object, served: Served) -> None:
    kind = wanted.get("type") if isinstance(wanted, dict) else wanted
    if kind in (None, "text") or (kind == "json_object" and served.program.decoding.format in JSON_FORMATS):
        return
    raise Refused(
        f"`response_format` is the program's own, which is {served.program.decoding.format}; leave it out.",
        param="response_format",
    )


def _ignored(body: Mapping[str, Any], served: Served) -> tuple[str, ...]:
    """The settings that say something else than the program does."""
    decoding = served.program.decoding
    own = {
        "temperature": decoding.temperature,
        "top_p": decoding.top_p,
        "max_tokens": decoding.max_tokens,
        "max_completion_tokens": decoding.max_tokens,
        **NEUTRAL,
    }
    return tuple(
        name
        for name, value in body.items()
        if value is not None and name not in WITHOUT_EFFECT and name not in REFUSED and value != own.get(name)
    )


def _texts(messages: object, *, episodic: bool, system: SystemMessages) -> tuple[str, tuple[Played, ...]]:
    """The text that is asked, and the turns before it."""
    if not isinstance(messages, list) or not messages:
        raise Refused("`messages` must be a list whose last message is the user's: the task.", param="messages")
    read = [_message(message) for message in messages]
    told = [text for role, text in read if role in ("system", "developer")]
    if told and system == "refuse":
        raise Refused(
            "The program has a system message of its own, so the request may have none; leave it out, or start the "
            "server with `--system merge`, which puts it in front of the task.",
            param="messages",
        )
    turns = [(role, text) for role, text in read if role not in ("system", "developer")]
    if not turns or turns[-1][0] != "user":
        raise Refused("The last message must be the user's: the task.", param="messages")
    text = "\n\n".join([*told, turns[-1][1]])
    if not text.strip():
        raise Refused("The last message is empty; it must be the task.", param="messages")
    return text, _earlier(turns[:-1], episodic=episodic)


def _earlier(turns: Sequence[tuple[str, str]], *, episodic: bool) -> tuple[Played, ...]:
    if turns and not episodic:
        raise Refused(
            "The program answers one task at a time and was tested so; send the task alone, without earlier turns.",
            param="messages",
        )
    if [role for role, _ in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise Refused("Earlier turns must be user and assistant by turns.", param="messages")
    return tuple(Played(seen, done) for (_, seen), (_, done) in zip(turns[::2], turns[1::2], strict=True))


def _message(message: object) -> tuple[str, str]:
    """Role and text of a message."""
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(message, dict) or role not in ("system", "developer", "user", "assistant"):
        raise Refused(
            "Each message must be an object with a `role` (system, user or assistant) and a text as `content`.",
            param="messages",
        )
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    texts = [part.get("text") for part in parts if isinstance(part, dict) and part.get("type") == "text"]
    if len(texts) < len(parts) or not all(isinstance(text, str) for text in texts):
        raise Refused("The `content` of a message must be a text, or a list of parts that are texts.", param="messages")
    return str(role), "\n".join(map(str, texts))
