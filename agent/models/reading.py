"""What a server answered, read strictly: an answer, a fault of the server, or something that cannot be used."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeAlias

MOST_TOKENS = 2**53
"""A count beyond this is no count; it would not fit the journal either."""

_THOUGHT_PARTS = frozenset({"thinking", "redacted_thinking", "reasoning"})
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "reasoning_details")
_CALL_FIELDS = ("tool_calls", "function_call")

_OPENED = re.compile(r"\s*<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_CLOSED = re.compile(r"</(?:think|thinking|thought|reasoning)>\s*", re.IGNORECASE)
_CHANNEL = re.compile(r"<\|channel\|>\s*final\s*<\|message\|>")
_HARMONY = re.compile(r"\s*(?:<\|start\|>assistant)?<\|channel\|>")
_HARMONY_END = re.compile(r"<\|(?:return|end)\|>\s*$")

_KINDS: tuple[tuple[str, int], ...] = (
    ("rate_limit", 429), ("quota", 429), ("insufficient_credit", 402), ("billing", 402), ("overloaded", 529),
    ("unavailable", 503), ("capacity", 503), ("timeout", 504), ("authentication", 401), ("unauthorized", 401),
    ("permission", 403), ("forbidden", 403), ("not_found", 404), ("invalid_request", 400), ("bad_request", 400),
    ("context_length", 400), ("server_error", 500), ("internal", 500),
)  # fmt: skip
"""What providers call their errors, with the status that says the same."""


@dataclass(frozen=True)
class Tokens:
    """What an answer used, thinking being part of `completion`; 0 where the server says nothing that is a count."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0


@dataclass(frozen=True)
class Answer:
    """A text. `probabilities` are those of the first token; `truncated`: it ended at the token limit."""

    text: str
    model: str
    truncated: bool
    probabilities: Mapping[str, float] | None
    tokens: Tokens


@dataclass(frozen=True)
class Fault:
    """The server failed, or calls the request wrong: its `status`, that of an error within a 200 included, and what it
    `said`. What came `within` a 200 may have been worked for; what is no completion at all keeps that status.
    """

    status: int
    said: str
    retry_after: float | None = None
    within: bool = False


@dataclass(frozen=True)
class Unusable:
    """The model answered, but with nothing that can be judged: it refused, was silenced, or only thought."""

    said: str
    tokens: Tokens


Reading: TypeAlias = Answer | Fault | Unusable


def read(status: int, headers: Mapping[str, str], body: bytes, *, thinking: str = "marked") -> Reading:
    """Read a reply as a whole. `thinking` is "tags" where thoughts stand in the text of the answer, between tags; what
    the server marks as thought is left out in any case.
    """
    if status != HTTPStatus.OK:
        return Fault(status, _reason(_parsed(body), body), retry_after(headers))
    data = _parsed(body)
    if not isinstance(data, dict):
        return _no_completion(body)
    if error := data.get("error"):
        return _fault_within(error, headers)
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return _no_completion(body)
    if error := choice.get("error"):
        return _fault_within(error, headers)
    message = choice.get("message")
    if not isinstance(message, dict) or not ({"content", "refusal", *_THOUGHT_FIELDS, *_CALL_FIELDS} & message.keys()):
        return _no_completion(body)
    return _answer(data, choice, message, thinking)


def _answer(data: Mapping[str, Any], choice: Mapping[str, Any], message: Mapping[str, Any], thinking: str) -> Reading:
    tokens = _tokens(data)
    content = message.get("content")
    if content is not None and not isinstance(content, str | list):
        return Unusable(f"its content is {_kind(content)}, not a text", tokens)
    parts = [content] if isinstance(content, str) else list(_texts(content or []))
    if content and not parts and not _withheld(choice, message):
        return Unusable("none of the parts of its content is a text", tokens)
    text = "".join(parts)
    if thinking == "tags":
        text = without_thoughts(text)
    if choice.get("finish_reason") == "content_filter" or not text.strip():
        why = _withheld(choice, message) or ("it only thought" if any(part.strip() for part in parts) else "")
        if why:
            return Unusable(why, tokens)
    return Answer(
        text=text,
        model=str(data.get("model") or ""),
        truncated=choice.get("finish_reason") == "length",
        probabilities=_probabilities(choice.get("logprobs")),
        tokens=tokens,
    )


def _withheld(choice: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    """Why there is no text; empty where an empty text may be the answer."""
    content = message.get("content")
    refusals = [part.get("refusal") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    said = [str(refusal) for refusal in (message.get("refusal"), *refusals) if refusal]
    if said:
        return f"it refused: {said[0]}"
    if choice.get("finish_reason") == "content_filter":
        return "a content filter withheld it"
    if any(message.get(name) for name in _CALL_FIELDS):
        return "it called a tool and said nothing"
    thought_parts = isinstance(content, list) and any(_is_thought(part) for part in content)
    if thought_parts or any(message.get(name) for name in _THOUGHT_FIELDS):
        cut = choice.get("finish_reason") == "length"
        return f"it only thought{', until it had no tokens left (max_tokens)' if cut else ''}"
    return ""


def _texts(parts: list[Any]) -> Iterator[str]:
    """The texts among the parts of a content, without what was thought."""
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and not _is_thought(part) and isinstance(part.get("text"), str):
            yield part["text"]


def _is_thought(part: Any) -> bool:
    return isinstance(part, dict) and (part.get("type") in _THOUGHT_PARTS or part.get("thought") is True)


def without_thoughts(text: str) -> str:
    """A text without the thoughts before it, between tags such as `<think>` or in a channel of the Harmony format.
    Thoughts that do not end leave nothing.
    """
    if _HARMONY.match(text):
        final = _CHANNEL.search(text)
        return _HARMONY_END.sub("", text[final.end() :]) if final else ""
    closed = _CLOSED.search(text)  # some templates open the tag themselves
    if closed:
        return text[closed.end() :]
    return "" if _OPENED.match(text) else text


def _tokens(data: Mapping[str, Any]) -> Tokens:
    """By the largest figures given: some servers count thoughts in the total alone, or apart."""
    usage = _table(data.get("usage"))
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    thought = _count(_table(usage.get("completion_tokens_details")).get("reasoning_tokens"))
    if thought > completion:
        completion += thought
    completion = max(completion, _count(usage.get("total_tokens")) - prompt)
    details = _table(usage.get("prompt_tokens_details"))
    cached = _count(details.get("cached_tokens")) or _count(_table(data.get("timings")).get("cache_n"))
    return Tokens(prompt, completion, cached)


def _probabilities(logprobs: Any) -> dict[str, float] | None:
    """Of the first token's likeliest values; an entry without a number is left out."""
    content = _table(logprobs).get("content")
    first = content[0] if isinstance(content, list) and content else None
    top = _table(first).get("top_logprobs")
    found: dict[str, float] = {}
    for entry in top if isinstance(top, list) else ():
        token, logprob = _table(entry).get("token"), _table(entry).get("logprob")
        if isinstance(token, str) and isinstance(logprob, int | float) and not math.isnan(logprob):
            found[token] = math.exp(max(min(0.0, logprob), -1e9))
    return found or None


def _fault_within(error: Any, headers: Mapping[str, str]) -> Fault:
    """An error that came with status 200, as if it had come with its own."""
    table = _table(error)
    named = [table.get(name) for name in ("code", "status", "status_code", "http_status")]
    status = next((code for value in named if 400 <= (code := _count(value)) <= 599), 0)
    if not status:
        said = " ".join(str(table.get(name) or "") for name in ("type", "code", "status")).lower().replace(" ", "_")
        status = next((code for kind, code in _KINDS if kind in said), HTTPStatus.BAD_GATEWAY)
    return Fault(int(status), _reason({"error": error}, b""), retry_after(headers), within=True)


def _no_completion(body: bytes) -> Fault:
    said = " ".join(_decoded(body[:1000]).split()) or "nothing"
    hint = "something that is no chat completion; check that models.*.url is the base of an OpenAI-compatible API"
    return Fault(HTTPStatus.OK, f"{hint} ({said})", within=True)


def _reason(data: Any, body: bytes) -> str:
    """What an error says, by the field where it stands, or the whole text without its HTML."""
    at = data
    for name in ("error", "detail", "message", "metadata"):
        inner = _table(at).get(name)
        if isinstance(inner, str) and inner.strip():
            return inner
        if isinstance(inner, dict):
            at = inner
    text = json.dumps(data, ensure_ascii=False) if data is not None and not body else _decoded(body)
    return re.sub(r"<(style|script)\b.*?</\1>|<[^<>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE).strip()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks for, given as such or as a date."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    """A number of tokens or a status; 0 for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        return 0
    return int(value)


def _kind(value: Any) -> str:
    return {dict: "an object", bool: "true or false"}.get(type(value), "a number")
