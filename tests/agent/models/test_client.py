from __future__ import annotations

import asyncio
import gzip
import json
import socket
import traceback
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burnish.agent.models.client import (
    LONGEST_ERROR_TEXT,
    MOST_BYTES,
    ChatClient,
    ChatRequest,
    TryFailed,
)
from burnish.agent.models.reading import Tokens
from burnish.agent.models.scripted import ScriptedReply, ScriptedServer
from burnish.config import ModelConfig
from burnish.errors import ConfigError, ModelRefused, ModelRejected
from burnish.records import Completion
from burnish.types import Message, Usage

URL = "http://model.test/v1"
KEY = "sk-very-secret-0123456789"
REQUEST = ChatRequest((Message("system", "Answer."), Message("user", "2 + 2?")), max_tokens=7)
ANSWER: dict[str, Any] = {"model": "m", "choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}
NAMES = st.sampled_from(["message", "content", "logprobs", "top_logprobs", "token"])
GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
TEXT = st.text(st.characters(exclude_categories=()))


def send(handler: Callable[[httpx.Request], httpx.Response], **settings: Any) -> Completion:
    """One try against a server that is a function."""

    def streamed(request: httpx.Request) -> httpx.Response:
        made = handler(request)
        if not made.is_stream_consumed:
            return made
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))

    async def once() -> Completion:
        client = ChatClient(ModelConfig(url=URL, **settings), transport=httpx.MockTransport(streamed))
        try:
            return await client.send(REQUEST, timeout=9)
        finally:
            await client.close()

    return asyncio.run(once())


def answering(**changes: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, json={**ANSWER, **changes})


def test_the_request_is_what_an_openai_compatible_server_expects() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=ANSWER)

    send(handler, name="tiny")
    assert asked[0].url == f"{URL}/chat/completions"
    assert "authorization" not in asked[0].headers
    assert httpx.Response(200, content=asked[0].content).json() == {
        "model": "tiny",
        "messages": [{"role": "system", "content": "Answer."}, {"role": "user", "content": "2 + 2?"}],
        "max_tokens": 7,
        "temperature": 0.0,
        "top_p": 1.0,
    }


def test_a_digest_is_of_everything_that_decides_the_answer() -> None:
    messages = REQUEST.messages
    others = [
        ChatRequest(messages[:1], 7),
        ChatRequest(messages, 8),
        ChatRequest(messages, 7, temperature=0.1),
        ChatRequest(messages, 7, top_p=0.9),
        ChatRequest(messages, 7, seed=0),
        ChatRequest(messages, 7, top_probabilities=5),
    ]
    assert len({r.digest("m") for r in [REQUEST, *others]} | {REQUEST.digest("other")}) == 8
    assert ChatRequest(messages, 7).digest("m") == REQUEST.digest("m")


def test_an_answer_is_read_with_its_usage_and_its_price() -> None:
    usage = {"prompt_tokens": 200, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 150}}
    prices = {"usd_per_million_prompt_tokens": 1.0, "usd_per_million_completion_tokens": 10.0}
    made = send(answering(usage=usage), **prices)
    assert made == Completion("4", "m", Usage(1, 200, 10, 150, made.usage.usd, made.usage.seconds))
    assert made.usage.usd == pytest.approx(3e-4)
    assert made.usage.seconds > 0


def test_what_is_no_chat_completion_is_tried_again_and_may_have_been_worked_for() -> None:
    with pytest.raises(TryFailed, match=r"no chat completion; check that models\.\*\.url is the base") as caught:
        send(lambda _: httpx.Response(200, text="<html>" + "!" * 9999))
    assert caught.value.lost
    assert len(str(caught.value)) < LONGEST_ERROR_TEXT + 100


def test_an_error_within_a_200_is_that_error() -> None:
    error = {"error": {"message": "Rate limit exceeded", "code": 429}}
    with pytest.raises(TryFailed, match=r"answered 429 \(Rate limit exceeded") as caught:
        send(lambda _: httpx.Response(200, json=error, headers={"retry-after": "9"}))
    assert (caught.value.lost, caught.value.retry_after) == (True, 9.0)
    with pytest.raises(ModelRejected, match=r"\(404\): no such model"):
        send(lambda _: httpx.Response(200, json={"error": {"message": "no such model", "code": 404}}))


def test_an_answer_without_a_text_to_judge_is_no_answer_and_says_what_it_used() -> None:
    message = {"content": None, "refusal": "I cannot help."}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 18}
    with pytest.raises(ModelRejected, match="no answer that can be used: it refused: I cannot help") as caught:
        send(answering(choices=[{"message": message}], usage=usage), usd_per_million_completion_tokens=1e6)
    assert not caught.value.passing
    assert caught.value.usage is not None
    assert (caught.value.usage.tokens, caught.value.usage.usd) == (18, 13.0)


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_a_packed_answer_is_unpacked_only_as_far_as_an_answer_may_be_long(packing: str) -> None:
    def packed(body: bytes) -> Callable[[httpx.Request], httpx.Response]:
        made = gzip.compress(body) if packing == "gzip" else zlib.compress(body)
        headers = {"content-encoding": packing}
        return lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(made))

    assert send(packed(json.dumps(ANSWER).encode())).text == "4"
    with pytest.raises(TryFailed, match="answered more than 16 MiB") as caught:
        send(packed(b" " * (MOST_BYTES + 1)))
    assert caught.value.lost


def test_a_packing_that_was_not_asked_for_is_not_unpacked() -> None:
    with pytest.raises(TryFailed, match="'br', which was not asked for"):
        send(lambda _: httpx.Response(200, headers={"content-encoding": "br"}, stream=httpx.ByteStream(b"x")))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 501, 502, 503, 504, 521, 529])
def test_a_status_that_may_pass_is_a_failed_try_that_costs_nothing_where_the_server_did_not_take_it_on(
    status: int,
) -> None:
    with pytest.raises(TryFailed, match=rf"answered {status} \(busy\)") as caught:
        send(lambda _: httpx.Response(status, text="busy", headers={"retry-after": "2.5"}))
    assert (caught.value.lost, caught.value.retry_after) == (status in {500, 501, 502, 504, 521}, 2.5)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_says_where_it_is_read(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    with pytest.raises(ModelRefused, match=r"refused the API key .*\(SOME_KEY\)"):
        send(lambda _: httpx.Response(status, text=KEY), api_key_env="SOME_KEY")
    with pytest.raises(ModelRefused, match="api_key_env is not set"):
        send(lambda _: httpx.Response(status))


@pytest.mark.parametrize("status", [204, 302, 400, 404, 413, 422])
def test_any_other_status_is_a_rejected_request_with_what_the_server_said(status: int) -> None:
    with pytest.raises(ModelRejected, match=rf"\({status}\): too  ?long") as caught:
        send(lambda _: httpx.Response(status, text="too\n long" + "!" * 9999))
    assert len(str(caught.value)) < LONGEST_ERROR_TEXT + 100
    with pytest.raises(ModelRejected, match="no reason given"):
        send(lambda _: httpx.Response(status))


async def test_a_refused_connection_was_not_lost() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        client = ChatClient(ModelConfig(url=f"http://127.0.0.1:{bound.getsockname()[1]}/v1"))
        with pytest.raises(TryFailed, match="cannot connect to") as caught:
            await client.send(REQUEST, timeout=9)
        assert not caught.value.lost
        assert "is unreachable" in (await client.reachable() or "")
        await client.close()


async def test_a_connection_that_ends_within_the_answer_is_lost() -> None:
    with ScriptedServer(lambda _: ScriptedReply(hang_up=True)) as server:
        client = ChatClient(ModelConfig(url=server.base_url))
        with pytest.raises(TryFailed, match="did not answer") as caught:
            await client.send(REQUEST, timeout=9)
        assert caught.value.lost
        assert await client.reachable() is None
        await client.close()


async def test_a_server_that_is_too_slow_is_lost() -> None:
    with ScriptedServer(lambda _: "4", latency=60) as server:
        client = ChatClient(ModelConfig(url=server.base_url))
        with pytest.raises(TryFailed) as caught:
            await client.send(REQUEST, timeout=0.05)
        assert caught.value.lost
        await client.close()


def test_an_answer_that_cannot_be_unpacked_is_lost() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        torn = gzip.compress(b"{}")[:3] + b"torn"
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(torn))

    with pytest.raises(TryFailed) as caught:
        send(handler)
    assert caught.value.lost


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 429, 500])
def test_the_key_goes_to_the_server_and_never_into_a_message(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)

    def echo(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        return httpx.Response(status, json={"choices": [{"message": 1}], "usage": KEY, "error": f"Bearer {KEY}"})

    with pytest.raises(Exception, match=r"model\.test") as caught:
        send(echo, api_key_env="SOME_KEY")
    assert KEY not in "".join(traceback.format_exception(caught.value))
    client = ChatClient(ModelConfig(url=URL, api_key_env="SOME_KEY"))
    assert KEY not in f"{client!r} {vars(client)!r} {client.config!r} {client._http.headers!r}"


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "is not set; export it first"), ("a b", "no usable key"), ("a\n", "no usable key"), ("clé", "no usable key")],
)
def test_a_key_that_is_missing_or_cannot_be_sent_names_its_variable(
    value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", value)
    with pytest.raises(ConfigError, match=f"the environment variable SOME_KEY .*{said}") as caught:
        ChatClient(ModelConfig(url=URL, api_key_env="SOME_KEY"))
    assert not value or value not in str(caught.value).split()
    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(ConfigError, match="SOME_KEY"):
        ChatClient(ModelConfig(url=URL, api_key_env="SOME_KEY"))


WORST = ChatClient(ModelConfig(url=URL, template_tokens=9))


@given(st.lists(TEXT, min_size=1, max_size=4), st.integers(1, 99))
@example(["\ud800"], 1)
def test_the_worst_case_is_no_less_than_every_byte_being_a_token(texts: list[str], most: int) -> None:
    request = ChatRequest(tuple(Message("user", text) for text in texts), max_tokens=most)
    worst = WORST.worst_case(request)
    # A lone surrogate reaches the server as three bytes: itself, or the replacement character.
    assert worst.prompt >= sum(len(t.encode("utf-8", "surrogatepass")) for t in texts) + 9 * (len(texts) + 1)
    assert worst.completion == most


def test_what_a_server_counts_beyond_the_worst_case_is_allowed_for_from_then_on() -> None:
    client, request = ChatClient(ModelConfig(url=URL)), ChatRequest((Message("user", "four?"),), max_tokens=10)
    worst = client.worst_case(request)
    client.learn(request, Usage(1, worst.prompt + 500, worst.completion - 1))
    client.learn(request, Usage(1, worst.prompt, worst.completion + 7))
    client.learn(request, Usage(1, worst.prompt + 499, 1))
    assert client.worst_case(request) == Tokens(worst.prompt + 500, worst.completion + 7)


def test_prices_are_per_million_tokens() -> None:
    config = ModelConfig(url=URL, usd_per_million_prompt_tokens=3, usd_per_million_completion_tokens=15)
    assert ChatClient(config).price(Tokens(1000, 100)) == pytest.approx(0.0045)
