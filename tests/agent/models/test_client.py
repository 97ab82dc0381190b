from __future__ import annotations

import asyncio
import gzip
import json
import math
import socket
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burnish.agent.models.client import (
    LONGEST_ERROR_TEXT,
    MOST_TOKENS,
    ChatClient,
    ChatRequest,
    TryFailed,
    _retry_after,
)
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

    async def once() -> Completion:
        client = ChatClient(ModelConfig(url=URL, **settings), transport=httpx.MockTransport(handler))
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


@pytest.mark.parametrize(
    ("fields", "cached"),
    [
        ({"usage": {"prompt_tokens_details": {"cached_tokens": 5}}}, 5),
        ({"timings": {"cache_n": 6}}, 6),
        ({"usage": {"prompt_tokens_details": None}, "timings": None}, 0),
        ({"usage": None}, 0),
        ({}, 0),
    ],
)
def test_cached_tokens_are_read_from_either_field_and_nothing_is_no_usage(fields: dict[str, Any], cached: int) -> None:
    usage = send(answering(**fields)).usage
    assert (usage.calls, usage.tokens, usage.cached_tokens) == (1, 0, cached)


def test_probabilities_are_those_of_the_first_token() -> None:
    top = [{"token": "5", "logprob": math.log(0.75)}, {"token": "4", "logprob": -9999.0}, {"token": "3", "logprob": 1}]
    content = [{"token": "5", "top_logprobs": top}, {"token": ".", "top_logprobs": []}]
    choice = {"message": {"content": "5."}, "finish_reason": "length", "logprobs": {"content": content}}
    made = send(answering(choices=[choice]))
    assert made.probabilities == pytest.approx({"5": 0.75, "4": 0.0, "3": 1.0})
    assert made.truncated
    nothings: list[Any] = [None, {}, {"content": []}, {"content": [{"token": "5"}]}]
    for nothing in nothings:
        assert send(answering(choices=[{**choice, "logprobs": nothing}])).probabilities is None


def test_an_answer_without_text_is_an_empty_one() -> None:
    assert send(answering(choices=[{"message": {"content": None}}])).text == ""


@pytest.mark.parametrize("status", [408, 409, 429, 500, 501, 502, 503, 504, 521, 529])
def test_a_status_that_may_pass_is_a_failed_try_that_costs_nothing_where_the_server_did_not_take_it_on(
    status: int,
) -> None:
    with pytest.raises(TryFailed, match=f"answered {status}") as caught:
        send(lambda _: httpx.Response(status, headers={"retry-after": "2.5"}))
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


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[" * 200_000,
        b"null",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{}]}',
        b'{"choices": [{"message": "x"}]}',
        b'{"choices": [{"message": {"content": "x"}, "logprobs": [1]}]}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": "many"}}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": -5}}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 1e999}}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": NaN}}',
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"completion_tokens": 1' + b"0" * 30 + b"}}",
        b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": ' + b"9" * 5000 + b"}}",
    ],
)
def test_what_is_no_chat_completion_is_rejected_in_one_sentence(body: bytes) -> None:
    with pytest.raises(
        ModelRejected, match=r"is no chat completion .*check that models\.\*\.url is the base"
    ) as caught:
        send(lambda _: httpx.Response(200, content=body))
    assert len(str(caught.value)) < LONGEST_ERROR_TEXT + 200


@given(GARBAGE, st.integers() | st.floats() | st.text(max_size=3))
def test_no_json_whatever_gets_past_as_anything_but_an_answer_or_a_rejection(choice: Any, count: Any) -> None:
    body = {"choices": [choice], "usage": {"prompt_tokens": count, "prompt_tokens_details": {"cached_tokens": count}}}
    response = httpx.Response(200, content=json.dumps(body).encode())
    try:
        made = send(lambda _: response)
    except ModelRejected:
        return
    assert 0 <= made.usage.prompt_tokens <= MOST_TOKENS
    assert all(0 <= p <= 1 for p in (made.probabilities or {}).values())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("soon", None), ("", None), ("inf", None), ("nan", None), ("1e400", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert _retry_after(httpx.Response(429, headers={"retry-after": value})) == seconds


def test_retry_after_as_a_date() -> None:
    for shift, expected in ((timedelta(minutes=5), 300), (timedelta(minutes=-5), 0)):
        value = format_datetime(datetime.now(UTC) + shift, usegmt=True)
        assert _retry_after(httpx.Response(429, headers={"retry-after": value})) == pytest.approx(expected, abs=30)
    impossible = "21 Oct GMT 7:99:99 99999999999 : 2015"
    assert _retry_after(httpx.Response(429, headers={"retry-after": impossible})) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_no_retry_after_header_is_anything_but_seconds_or_nothing(value: str) -> None:
    wait = _retry_after(httpx.Response(429, headers={"retry-after": value}))
    assert wait is None or 0 <= wait < math.inf


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
    prompt, completion = WORST.worst_case_tokens(request)
    # A lone surrogate reaches the server as three bytes: itself, or the replacement character.
    assert prompt >= sum(len(t.encode("utf-8", "surrogatepass")) for t in texts) + 9 * (len(texts) + 1)
    assert completion == most


def test_what_a_server_counts_beyond_the_worst_case_is_allowed_for_from_then_on() -> None:
    client, request = ChatClient(ModelConfig(url=URL)), ChatRequest((Message("user", "four?"),), max_tokens=10)
    prompt, completion = client.worst_case_tokens(request)
    client.learn(request, Usage(1, prompt + 500, completion - 1))
    client.learn(request, Usage(1, prompt, completion + 7))
    client.learn(request, Usage(1, prompt + 499, 1))
    assert client.worst_case_tokens(request) == (prompt + 500, completion + 7)


def test_prices_are_per_million_tokens() -> None:
    config = ModelConfig(url=URL, usd_per_million_prompt_tokens=3, usd_per_million_completion_tokens=15)
    assert ChatClient(config).price(1000, 100) == pytest.approx(0.0045)
