"""How servers are reached: forms of addresses, headers, queries, fields, certificates, proxies, and a second server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from calling import place, request

from burnish.agent.models import circuit
from burnish.agent.models.calls import Caller, gather_in_order
from burnish.agent.models.client import Adapted, ChatClient
from burnish.agent.models.endpoint import Endpoint
from burnish.agent.models.scripted import ScriptedReply, ScriptedServer
from burnish.config import ModelConfig
from burnish.errors import ConfigError, ModelRejected, ModelUnavailable
from burnish.outages import Outage
from burnish.types import canonical_json

ANSWER = canonical_json({"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}).encode()


class _Seen:
    """What a server was sent: paths with queries, headers and bodies."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.bodies: list[bytes] = []


@contextmanager
def _listening(answers: Callable[[str], int] = lambda _: 200, echo: str = "") -> Iterator[tuple[str, _Seen]]:
    """A server that says by the path which status it answers; `echo` names the header that a refusal repeats."""
    seen = _Seen()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            seen.paths.append(self.path)
            seen.headers.append({name.lower(): value for name, value in self.headers.items()})
            status = answers(self.path)
            text = ANSWER if status == 200 else f"no {self.headers.get(echo, '')}".encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


async def _sent(config: ModelConfig) -> None:
    client = ChatClient(config)
    try:
        await client.send(request(), timeout=10)
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1?api-version=1", "/v1/chat/completions?api-version=1"),
        ("/deployments/x/chat/completions?api-version=1", "/deployments/x/chat/completions?api-version=1"),
        ("", "/chat/completions"),
    ],
)
async def test_an_address_may_have_a_query_or_be_that_of_the_chats(given: str, asked: str) -> None:
    with _listening() as (url, seen):
        await _sent(ModelConfig(url=url + given))
        assert seen.paths == [asked]


@pytest.mark.parametrize(
    ("path", "versioned"),
    [("", False), ("/api", False), ("/v1", True), ("/openai/v1beta", True), ("/chat/completions", True)],
)
def test_an_address_says_which_version_it_is_of(path: str, versioned: bool) -> None:
    assert Endpoint.of(f"http://127.0.0.1:1{path}").versioned is versioned


async def test_an_address_without_v1_is_found_all_the_same(sitting: Callable[..., Caller]) -> None:
    with _listening(lambda path: 200 if path.startswith("/v1/") else 404) as (url, seen):
        caller = sitting(url)
        changes: list[str] = []
        caller._on_adapted = lambda _reason, change: changes.append(change)
        await gather_in_order(caller.ask("task", request(), place(n)) for n in range(3))
        assert seen.paths == ["/chat/completions", *["/v1/chat/completions"] * 3]
        assert changes == [f"asked at {url}/v1 instead; write it so as models.*.url"]
        again = sitting(url)
        await again.ask("task", request(), place(7))
        assert seen.paths[-1] == "/v1/chat/completions", "the next sitting knows"


async def test_where_there_is_nothing_at_v1_either_both_are_named(sitting: Callable[..., Caller]) -> None:
    with _listening(lambda _: 404) as (url, seen):
        with pytest.raises(ModelUnavailable, match=r"rejected the request \(404\)"):
            await sitting(url).ask("task", request(), place(0))
        assert seen.paths == ["/chat/completions", "/v1/chat/completions"]


async def test_headers_query_and_fields_are_sent_and_secrets_come_from_the_environment() -> None:
    with _listening() as (url, seen), _environment(A_KEY="opensesame"):
        await _sent(
            ModelConfig(
                url=url,
                headers={"api-key": "$A_KEY", "X-Title": "Burnish"},
                query={"api-version": "1", "key": "$A_KEY"},
                extra_body={"reasoning_effort": "low", "provider": {"order": ["a"]}},
                drop=("top_p",),
                system_role="user",
            )
        )
        assert seen.paths == ["/chat/completions?api-version=1&key=opensesame"]
        assert seen.headers[0]["api-key"] == "opensesame"
        assert seen.headers[0]["x-title"] == "Burnish"
        assert b'"reasoning_effort": "low"' in seen.bodies[0]
        assert b'"provider": {"order": ["a"]}' in seen.bodies[0]
        assert b"top_p" not in seen.bodies[0]


async def test_a_server_that_repeats_a_secret_is_not_quoted_with_it() -> None:
    with _listening(lambda _: 422, echo="x-mine") as (url, _), _environment(A_KEY="opensesame"):
        with pytest.raises(ModelRejected) as error:
            await _sent(ModelConfig(url=url, headers={"x-mine": "Basic $A_KEY"}))
        assert "opensesame" not in str(error.value)
        assert "[API key]" in str(error.value)


def test_certificates_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(ConfigError, match=r"ca\.pem \(ca_file\) holds no certificates"):
        ChatClient(ModelConfig(url="https://example.com/v1", ca_file=str(file)))
    file.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"ca\.pem \(ca_file\) holds no certificates"):
        ChatClient(ModelConfig(url="https://example.com/v1", ca_file=str(file)))


@pytest.mark.parametrize("named", [True, False])
async def test_a_proxy_is_asked_where_one_is_named_and_the_environment_only_if_it_is_to_be(named: bool) -> None:
    with _listening() as (proxy, seen), _environment(HTTP_PROXY=proxy, http_proxy=proxy):
        await _sent(ModelConfig(url="http://models.invalid/v1", proxy=proxy if named else "environment"))
        assert seen.paths == ["http://models.invalid/v1/chat/completions"]
        with pytest.raises(Exception, match="cannot connect"):
            await _sent(ModelConfig(url="http://models.invalid/v1"))
        assert len(seen.paths) == 1


def _failing(since: int, until: int) -> Callable[[Mapping[str, Any]], str | ScriptedReply]:
    number = iter(range(10**6))
    return lambda _: ScriptedReply("too hot", status=503) if since <= next(number) < until else "first"


async def test_a_second_server_is_asked_as_long_as_the_first_does_not_answer(
    sitting: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(circuit, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(circuit, "LOOK_ELSEWHERE", 0.01)
    with ScriptedServer(_failing(1, 4)) as first, ScriptedServer(lambda _: "second") as second:
        caller = sitting(first.base_url, concurrency=2, fallback={"url": second.base_url, "name": "other"})
        told: list[Outage | None] = []
        caller._routes._on_outage = told.append
        texts = []
        for n in range(200):
            texts.append((await caller.ask("task", request(), place(n))).text)
            await asyncio.sleep(0.005)
            if texts[-1] == "first" and "second" in texts:
                break
        assert texts[0] == "first"
        assert texts[1:-1] == ["second"] * (len(texts) - 2), "nobody waits"
        assert texts[-1] == "first", "it is tried again, and asked once it answers"
        assert told[0] is not None
        assert told[0].reason.endswith(f"; {second.base_url} is asked meanwhile")
        assert told[-1] is None


async def test_where_neither_answers_both_are_waited_for(
    sitting: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(circuit, "LOOK_ELSEWHERE", 0.01)
    with ScriptedServer(_failing(1, 40)) as first, ScriptedServer(_failing(0, 10)) as second:
        caller = sitting(first.base_url, concurrency=4, fallback={"url": second.base_url})
        results = await gather_in_order(caller.ask("task", request(), place(n)) for n in range(12))
        assert {one.text for one in results} == {"first"}
        assert second.requests > 1


async def test_where_neither_ever_answers_the_run_ends_with_what_was_said(
    sitting: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(circuit, "LOOK_ELSEWHERE", 0.01)
    with ScriptedServer(_failing(0, 10**6)) as first, ScriptedServer(_failing(0, 10**6)) as second:
        caller = sitting(first.base_url, concurrency=4, retries=3, fallback={"url": second.base_url})
        asked = (caller.ask("task", request(), place(n)) for n in range(6))
        results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)
        assert {type(one) for one in results} == {ModelUnavailable}
        assert "too hot" in str(results[0])


async def test_adapting_is_for_servers_that_say_so() -> None:
    with _listening(lambda _: 404) as (url, _):
        client = ChatClient(ModelConfig(url=f"{url}/v1"))
        with pytest.raises(ModelRejected):
            await client.send(request(), timeout=5)
        await client.close()
        client = ChatClient(ModelConfig(url=url))
        with pytest.raises(Adapted):
            await client.send(request(), timeout=5)
        await client.close()
