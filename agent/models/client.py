"""The one model client: httpx against the OpenAI-compatible chat API.

It makes single tries and says what a failed one means; retrying, paying and remembering are `calls.py`'s.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpx

from burnish.config import ModelConfig
from burnish.errors import ConfigError, ModelRefused, ModelRejected, ModelUnavailable
from burnish.records import Completion
from burnish.types import Message, Usage, canonical_json, content_hash

RETRIED_STATUSES = frozenset({408, 409, 429, *range(500, 600)})
WRONG_STATUSES = frozenset({400, 413, 414, 422})
"""Statuses by which a server says that no other time would do: the request is wrong."""
UNTOUCHED_STATUSES = frozenset({408, 409, 429, 503, 529})
"""Statuses by which a server says that it did not take the request on. Behind any other failure, such as the 504 of a
gateway, a model may have worked."""
REFUSED_STATUSES = frozenset({401, 403})
LONGEST_ERROR_TEXT = 300
MOST_TOKENS = 2**53
"""A count beyond this is no count; it would not fit the journal either."""


@dataclass(frozen=True)
class ChatRequest:
    """What is asked of a model. `top_probabilities` > 0 asks for those of the first token.

    `grammar` holds the answer to a GBNF grammar, where the server knows such; `format` then says nothing. `adapter`
    names the adapter that the embedded model is to answer with.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    top_probabilities: int = 0
    format: Literal["text", "json"] = "text"
    grammar: str = ""
    adapter: str = ""

    def body(self, model: str) -> dict[str, Any]:
        """The JSON body of the request."""
        body: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in self.messages],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
        }
        if model:
            body["model"] = model
        if self.grammar:
            body["grammar"] = self.grammar
        elif self.format == "json":
            body["response_format"] = {"type": "json_object"}
        if self.seed is not None:
            body["seed"] = self.seed
        if self.top_probabilities:
            body |= {"logprobs": True, "top_logprobs": self.top_probabilities}
        return body

    def digest(self, model: str, of: str = "") -> str:
        """Hash of everything that decides the answer; `of` binds it to a configuration, by its fingerprint."""
        return digest_of(self.written(model), of)

    def written(self, model: str) -> str:
        """The request as the journal keeps it, canonical JSON."""
        return canonical_json({**self.body(model), **({"adapter": self.adapter} if self.adapter else {})})


def digest_of(written: str, of: str = "") -> str:
    """The digest of a request that the journal keeps, see `ChatRequest.digest`."""
    body = json.loads(written)
    adapter = body.pop("adapter", "")
    return content_hash(canonical_json(body), *filter(None, [adapter, of]))


class TryFailed(Exception):
    """One try brought no answer, another may.

    `lost` says that the server may have done the work all the same, so its worst case counts;
    `retry_after` is what the server asked for, in seconds.
    """

    def __init__(self, reason: str, *, lost: bool, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.lost = lost
        self.retry_after = retry_after


class ChatClient:
    """A pooled connection to one server. The API key is read from the environment and kept nowhere else.

    `adapted` says where the same model is served with an adapter, by its name; it may have to start a server first.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        base_url: str = "",
        adapted: Callable[[str], str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.config = config
        self._adapted = adapted
        self.name = config.name
        self.url = (base_url or config.url).rstrip("/")
        limits = httpx.Limits(max_connections=config.concurrency, max_keepalive_connections=config.concurrency)
        self._http = httpx.AsyncClient(
            headers=authorization(config),
            timeout=httpx.Timeout(config.timeout_seconds, connect=10.0, pool=None),
            limits=limits,
            transport=transport,
            trust_env=False,
        )
        self._chat = httpx.URL(f"{self.url}/chat/completions")
        self._beyond = (0, 0)

    async def close(self) -> None:
        await self._http.aclose()

    def price(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars for these tokens by the configured prices."""
        config = self.config
        return (
            prompt_tokens * config.usd_per_million_prompt_tokens
            + completion_tokens * config.usd_per_million_completion_tokens
        ) / 1e6

    def worst_case_tokens(self, request: ChatRequest) -> tuple[int, int]:
        """Upper bounds (prompt tokens, completion tokens): no tokenizer makes more tokens than there are bytes.

        To these comes what the server has ever counted beyond them, see `learn`.
        """
        size = sum(len(m.content.encode("utf-8", "surrogatepass")) for m in request.messages)
        prompt = size + self.config.template_tokens * (len(request.messages) + 1)
        return prompt + self._beyond[0], request.max_tokens + self._beyond[1]

    def learn(self, request: ChatRequest, usage: Usage) -> None:
        """Take in what an answer used: a server may put a long text of its own before every prompt, or think aloud
        beyond the limit, and from then on each worst case allows for as much.
        """
        prompt, completion = self.worst_case_tokens(request)
        more = (max(0, usage.prompt_tokens - prompt), max(0, usage.completion_tokens - completion))
        self._beyond = (self._beyond[0] + more[0], self._beyond[1] + more[1])

    async def send(self, request: ChatRequest, *, timeout: float) -> Completion:  # noqa: ASYNC109 (httpx enforces it)
        """One try, taking `timeout` seconds at most.

        Raises:
            TryFailed: a time-out, a lost connection, or a status that may pass (408, 409, 429, 5xx).
            ModelRefused: 401 or 403.
            ModelRejected: another 4xx, or an answer that is no chat completion.

        """
        started = time.perf_counter()
        body = json.dumps(request.body(self.name)).encode()
        try:
            response = await self._http.post(
                self._address(request), content=body, headers={"content-type": "application/json"}, timeout=timeout
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryFailed(f"cannot connect to {self.url} ({_words(error)})", lost=False) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TryFailed(f"{self.url} did not answer ({_words(error)})", lost=True) from None
        if response.status_code != httpx.codes.OK:
            raise self._failure(response)
        return self._completion(response, time.perf_counter() - started)

    def _address(self, request: ChatRequest) -> httpx.URL:
        if not request.adapter:
            return self._chat
        if self._adapted is None:
            raise ModelUnavailable(f"{self.url} does not serve the adapter {request.adapter}; the embedded model does")
        return httpx.URL(f"{self._adapted(request.adapter)}/chat/completions")

    async def reachable(self) -> str | None:
        """None when the server answers, else a sentence saying what is wrong."""
        try:
            response = await self._http.get(f"{self.url}/models", timeout=10.0)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return f"{self.url} is unreachable ({_words(error)}); start the server or correct models.task.url"
        if response.status_code in REFUSED_STATUSES:
            return str(self._failure(response))
        return None

    def _failure(self, response: httpx.Response) -> Exception:
        status = response.status_code
        if status in REFUSED_STATUSES:
            where = self.config.api_key_env or "no variable: api_key_env is not set"
            return ModelRefused(
                f"{self.url} refused the API key ({status}); it is read from the environment ({where}): check it there"
            )
        if status in RETRIED_STATUSES:
            lost = status not in UNTOUCHED_STATUSES
            return TryFailed(f"{self.url} answered {status}", lost=lost, retry_after=_retry_after(response))
        said = self._quoted(response.text)
        return ModelRejected(
            f"{self.url} rejected the request ({status}): {said or 'no reason given'}",
            passing=status not in WRONG_STATUSES,
        )

    def _quoted(self, text: str) -> str:
        """What a server said, shortened, and without the API key where it echoes that."""
        key = self._http.headers.get("authorization", "").removeprefix("Bearer ")
        return " ".join((text.replace(key, "[API key]") if key else text).split())[:LONGEST_ERROR_TEXT]

    def _completion(self, response: httpx.Response, seconds: float) -> Completion:
        try:
            data = json.loads(response.content)
            choice = data["choices"][0]
            usage = data.get("usage") or {}
            text = choice["message"].get("content") or ""
            prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
            return Completion(
                text=str(text),
                model=str(data.get("model") or self.name),
                truncated=choice.get("finish_reason") == "length",
                probabilities=_first_token_probabilities(choice.get("logprobs")),
                usage=Usage(1, prompt, completion, _cached(data, usage), self.price(prompt, completion), seconds),
            )
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            said = self._quoted(f"{type(error).__name__}: {error}")
            raise ModelRejected(
                f"{self.url} answered something that is no chat completion ({said}); "
                "check that models.*.url is the base of an OpenAI-compatible API",
                passing=True,
            ) from None


def authorization(config: ModelConfig) -> dict[str, str]:
    """The header that carries the API key, none where no key is configured.

    Raises:
        ConfigError: the environment variable is not set or holds no usable key.

    """
    if not config.api_key_env:
        return {}
    key = os.environ.get(config.api_key_env, "")
    if not key:
        raise ConfigError(f"the environment variable {config.api_key_env} (api_key_env) is not set; export it first")
    if not all("!" <= c <= "~" for c in key):
        raise ConfigError(
            f"the environment variable {config.api_key_env} holds no usable key (spaces, control characters or "
            "non-ASCII); export it again"
        )
    return {"authorization": f"Bearer {key}"}


def _count(value: Any) -> int:
    count = int(value or 0)
    if not 0 <= count <= MOST_TOKENS:
        raise ValueError("a number of tokens is out of range")
    return count


def _cached(data: Mapping[str, Any], usage: Mapping[str, Any]) -> int:
    details = usage.get("prompt_tokens_details") or {}
    return _count(details.get("cached_tokens") or (data.get("timings") or {}).get("cache_n"))


def _first_token_probabilities(logprobs: Any) -> dict[str, float] | None:
    content: Sequence[Any] = (logprobs or {}).get("content") or ()
    if not content:
        return None
    top = content[0].get("top_logprobs") or ()
    return {str(entry["token"]): math.exp(min(0.0, float(entry["logprob"]))) for entry in top} or None


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
