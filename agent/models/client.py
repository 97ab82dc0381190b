"""The one model client: httpx against the OpenAI-compatible chat API.

It makes single tries and says what a failed one means; retrying, paying and remembering are `calls.py`'s.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import httpx

from burnish.agent.models.dialect import Dialect
from burnish.agent.models.endpoint import CHATS, VERSION, Endpoint, Told, proxy_of, trust_of
from burnish.agent.models.prices import price_of
from burnish.agent.models.reading import Answer, Fault, Tokens, Unusable, read
from burnish.config import ModelConfig
from burnish.errors import ModelRefused, ModelRejected, ModelUnavailable
from burnish.records import Completion
from burnish.types import Message, Usage, canonical_json, content_hash

RETRIED_STATUSES = frozenset({200, 408, 409, 429, *range(500, 600)})
WRONG_STATUSES = frozenset({400, 413, 414, 422})
"""Statuses by which a server says that no other time would do: the request is wrong."""
UNTOUCHED_STATUSES = frozenset({408, 409, 429, 503, 529})
"""Statuses by which a server says that it did not take the request on. Behind any other failure, such as the 504 of a
gateway, a model may have worked."""
TEACHING_STATUSES = frozenset({400, 422, 500})
"""Statuses whose reason may name a field that the server does not take; some templates fail with a 500."""
MISPLACED_STATUSES = frozenset({404, 405})
"""Statuses by which a server says that it has nothing at an address."""
BUSY_STATUSES = frozenset({429, 503, 529})
REFUSED_STATUSES = frozenset({401, 403})
LONGEST_ERROR_TEXT = 300
MOST_BYTES = 16 << 20
"""Bytes of a reply, unpacked; no answer is as long."""


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


class Adapted(Exception):
    """The server refused a request for how it was put, and is asked differently from now on; `change` says how, and is
    empty where that was known.
    """

    def __init__(self, change: str, reason: str) -> None:
        super().__init__(reason)
        self.change = change


class TryFailed(Exception):
    """One try brought no answer, another may.

    `lost` says that the server may have done the work all the same, so its worst case counts; `busy`, that it has too
    much to do. `retry_after` is what the server asked for, in seconds.
    """

    def __init__(self, reason: str, *, lost: bool, busy: bool = False, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.lost = lost
        self.busy = busy
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
        self._endpoint = Endpoint.of(base_url or config.url)
        self.url = self._endpoint.shown
        limits = httpx.Limits(max_connections=config.concurrency, max_keepalive_connections=config.concurrency)
        self._http = httpx.AsyncClient(
            headers={"accept-encoding": "gzip, deflate"},
            verify=trust_of(config),
            proxy=proxy_of(config),
            timeout=httpx.Timeout(config.timeout_seconds, connect=10.0, pool=None),
            limits=limits,
            transport=transport,
            trust_env=config.proxy == "environment",
        )
        self._told = Told(config)
        self._price = price_of(config)
        self._beyond = (0, 0)
        self.second = ChatClient(config.second, transport=transport) if config.second is not None else None
        """The server that is asked as long as this one does not answer."""
        self.dialect = Dialect(dropped=config.drop, system=config.system_role)
        """How requests are put to this server; what it refuses by name changes it."""

    async def close(self) -> None:
        await self._http.aclose()
        if self.second is not None:
            await self.second.close()

    def price(self, tokens: Tokens) -> float:
        """US dollars for these tokens; 0 where nobody says what they cost."""
        return self._price(tokens) if self._price is not None else 0.0

    def worst_case(self, request: ChatRequest) -> Tokens:
        """Upper bounds: no tokenizer makes more tokens than there are bytes.

        To these comes what the server has ever counted beyond them, see `learn`.
        """
        size = sum(len(m.content.encode("utf-8", "surrogatepass")) for m in request.messages)
        prompt = size + self.config.template_tokens * (len(request.messages) + 1)
        return Tokens(prompt + self._beyond[0], request.max_tokens + self._beyond[1])

    def learn(self, request: ChatRequest, usage: Usage) -> None:
        """Take in what an answer used: a server may put a long text of its own before every prompt, or think aloud
        beyond the limit, and from then on each worst case allows for as much.
        """
        worst = self.worst_case(request)
        more = (max(0, usage.prompt_tokens - worst.prompt), max(0, usage.completion_tokens - worst.completion))
        self._beyond = (self._beyond[0] + more[0], self._beyond[1] + more[1])

    async def send(self, request: ChatRequest, *, timeout: float) -> Completion:  # noqa: ASYNC109 (httpx enforces it)
        """One try, taking `timeout` seconds at most.

        Raises:
            Adapted: it refused how the request was put, which is put differently from now on.
            TryFailed: a time-out, a lost connection, a status that may pass (408, 409, 429, 5xx), or what is no chat
                completion.
            ModelRefused: 401 or 403.
            ModelRejected: another 4xx, or an answer that holds no text to be judged; what that one used is its `usage`.

        """
        started = time.perf_counter()
        asked = self.dialect.put({**request.body(self.name), **self.config.extra_body})
        body = json.dumps(asked).encode()
        headers = {"content-type": "application/json", **self._told.headers}
        address = self._address(request).copy_merge_params(self._told.query)
        try:
            async with self._http.stream("POST", address, content=body, headers=headers, timeout=timeout) as response:
                received = await _received(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise TryFailed(f"cannot connect to {self.url} ({_words(error)})", lost=False) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TryFailed(f"{self.url} did not answer ({_words(error)})", lost=True) from None
        reading = read(response.status_code, response.headers, received, thinking=self.config.thinking)
        if isinstance(reading, Fault):
            self._raise_if_taught(reading, asked)
        return self._meant(reading, time.perf_counter() - started)

    def _raise_if_taught(self, fault: Fault, asked: Mapping[str, Any]) -> None:
        """Raise `Adapted` where a refusal names what is to be put differently, or another call learned of it meanwhile
        and this one has to be sent again.
        """
        reason = f"{self.url} answered {fault.status} ({self._quoted(fault.said)})"
        if fault.status in MISPLACED_STATUSES and not self._endpoint.versioned and not self.dialect.prefix:
            self.dialect = replace(self.dialect, prefix=VERSION)
            raise Adapted(f"asked at {self.url}{VERSION} instead; write it so as models.*.url", reason)
        if fault.status not in TEACHING_STATUSES:
            return
        if self.dialect.put(asked) != asked:
            raise Adapted("", reason)
        learned = self.dialect.taught(fault.said, asked)
        if learned is not None:
            self.dialect, change = learned
            raise Adapted(change, reason)

    def _address(self, request: ChatRequest) -> httpx.URL:
        if not request.adapter:
            return self._endpoint.at(CHATS, self.dialect.prefix)
        if self._adapted is None:
            raise ModelUnavailable(f"{self.url} does not serve the adapter {request.adapter}; the embedded model does")
        return httpx.URL(f"{self._adapted(request.adapter)}/chat/completions")

    async def reachable(self) -> str | None:
        """None when the server answers, else a sentence saying what is wrong."""
        try:
            address = self._endpoint.at("/models").copy_merge_params(self._told.query)
            response = await self._http.get(address, headers=self._told.headers, timeout=10.0)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return f"{self.url} is unreachable ({_words(error)}); start the server or correct models.task.url"
        if response.status_code in REFUSED_STATUSES:
            return str(self._failure(Fault(response.status_code, "")))
        return None

    def _meant(self, reading: Answer | Fault | Unusable, seconds: float) -> Completion:
        """The completion that a reply is; another raises."""
        if isinstance(reading, Fault):
            raise self._failure(reading)
        tokens = reading.tokens
        usage = Usage(1, tokens.prompt, tokens.completion, tokens.cached, self.price(tokens), seconds)
        if isinstance(reading, Unusable):
            said = self._quoted(reading.said)
            raise ModelRejected(f"{self.url} gave no answer that can be used: {said}", usage=usage)
        return Completion(
            text=reading.text,
            model=reading.model or self.name,
            truncated=reading.truncated,
            probabilities=reading.probabilities,
            usage=usage,
        )

    def _failure(self, fault: Fault) -> Exception:
        status, said = fault.status, self._quoted(fault.said)
        if status in REFUSED_STATUSES:
            where = self.config.api_key_env or "no variable: api_key_env is not set"
            words = f"{status}: {said}" if said else f"{status}"
            return ModelRefused(
                f"{self.url} refused the API key ({words}); it is read from the environment ({where}): check it there"
            )
        if status in RETRIED_STATUSES:
            lost = fault.within or status not in UNTOUCHED_STATUSES
            return TryFailed(
                f"{self.url} answered {status}{f' ({said})' if said else ''}",
                lost=lost,
                busy=status in BUSY_STATUSES,
                retry_after=fault.retry_after,
            )
        return ModelRejected(
            f"{self.url} rejected the request ({status}): {said or 'no reason given'}",
            passing=status not in WRONG_STATUSES,
        )

    def _quoted(self, text: str) -> str:
        """What a server said, shortened, and without the API key where it echoes that."""
        return " ".join(self._told.hide(text).split())[:LONGEST_ERROR_TEXT]


async def _received(response: httpx.Response) -> bytes:
    """The body, unpacked, as far as `MOST_BYTES`; a small packed one may hide one that fills the memory.

    Raises:
        TryFailed: it is longer, or packed in a way that was not asked for.

    """
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise TryFailed(f"{response.url.host} packed its answer as {packed!r}, which was not asked for", lost=True)
    unpack = None if packed in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)
    body = bytearray()
    async for chunk in response.aiter_raw():
        room = MOST_BYTES + 1 - len(body)
        try:
            body += chunk[:room] if unpack is None else unpack.decompress(chunk, room)
        except zlib.error as error:
            raise TryFailed(
                f"{response.url.host} sent an answer that cannot be unpacked ({error})", lost=True
            ) from None
        if len(body) > MOST_BYTES:
            raise TryFailed(f"{response.url.host} answered more than {MOST_BYTES >> 20} MiB", lost=True)
    return bytes(body)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
