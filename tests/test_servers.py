"""Addresses of servers, and what they are told, hold no secrets."""

from __future__ import annotations

import pytest

from burnish.config import ModelConfig, RunConfig
from burnish.errors import ConfigError
from burnish.servers import filled_in, without_secrets

KEY = "sk-0123456789abcdefghij"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://ann:secret@example.com/v1", "holds a user or a password"),
        ("https://ann@example.com/v1", "holds a user or a password"),
        ("https://example.com/v1?api-key=abc", "holds a secret (api-key=…)"),
        ("https://example.com/v1?x=" + KEY, "holds a secret (x=…)"),
        (f"https://example.com/{KEY}/v1", "what looks like a key in its path"),
        ("https://example.com/v1#gpt", "the model's name is a key of its own"),
        ("ftp://example.com", 'must be "embedded" or start with http:// or https://'),
        ("http://", "must name a host"),
        ("http://[::1/v1", "invalid IPv6 URL"),
        ("http://127.0.0.1:0/v1", "must name a host"),
        ("http://127.0.0.1:99999/v1", "port out of range"),
    ],
)
def test_an_address_that_holds_a_secret_or_is_none_is_refused(url: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig.parse({"environment": "dates", "models": {"task": {"url": url}}})
    assert says in str(error.value)
    assert "secret@" not in str(error.value)
    assert KEY not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "embedded",
        "http://127.0.0.1:11434/v1",
        "https://example.openai.azure.com/openai/deployments/gpt-4o-mini-2024-07-18-of-ours/?api-version=2024-10-21",
        "https://api.cloudflare.com/client/v4/accounts/0123456789abcdef0123456789abcdef/ai/v1",
        "https://example.com/v1/chat/completions",
    ],
)
def test_an_address_without_a_secret_is_taken(url: str) -> None:
    assert ModelConfig(url=url).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"headers": {"api-key": "abc"}}, 'export it and name its variable: api-key = "$NAME"'),
        ({"headers": {"X-Whatever": KEY}}, "holds a secret"),
        ({"headers": {"two words": "x"}}, "is no header that can be set"),
        ({"headers": {"Content-Length": "9"}}, "is no header that can be set"),
        ({"headers": {"X-Title": "a\nb"}}, "must be printable ASCII"),
        ({"query": {"key": "abc"}}, "holds a secret"),
        ({"extra_body": {"messages": []}}, "cannot set messages or stream"),
        ({"extra_body": {"user": KEY}}, "looks like a key"),
        ({"proxy": "http://ann:secret@127.0.0.1:3128"}, "holds a user or a password"),
        ({"fallback": {"url": "https://ann:secret@example.com/v1"}}, "holds a user or a password"),
        ({"fallback": {}}, "models.task.fallback.url"),
    ],
)
def test_what_a_server_is_told_holds_no_secret_either(told: dict[str, object], says: str) -> None:
    url = "https://example.com/v1"
    with pytest.raises(ConfigError) as error:
        RunConfig.parse({"environment": "dates", "models": {"task": {"url": url, **told}}})
    assert says in str(error.value)
    assert KEY not in str(error.value)


def test_what_a_text_names_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "opensesame")
    assert filled_in({"x": "Basic $A_KEY", "y": "plain"}, "headers") == {"x": "Basic opensesame", "y": "plain"}
    with pytest.raises(ConfigError, match=r"NO_SUCH \(headers\.x\) is not set"):
        filled_in({"x": "$NO_SUCH"}, "headers")
    monkeypatch.setenv("A_KEY", "open\nsesame")
    with pytest.raises(ConfigError, match="holds no usable key"):
        filled_in({"x": "$A_KEY"}, "headers")


def test_an_address_is_shown_without_secrets() -> None:
    shown = without_secrets(f"https://ann:pw@example.com/v1?key=abc&api-version=1&x={KEY}")
    assert shown == "https://example.com/v1?key=[secret]&api-version=1&x=[secret]"


def test_how_a_server_is_reached_does_not_decide_what_a_run_does() -> None:
    def fingerprint(**told: object) -> str:
        url = "https://example.com/v1"
        return RunConfig.parse({"environment": "dates", "models": {"task": {"url": url, **told}}}).fingerprint

    reached = {"headers": {"X-Title": "x"}, "query": {"a": "b"}, "ca_file": "x.pem", "proxy": "environment"}
    elsewhere = {"url": "http://127.0.0.1:1/v1", "fallback": {"url": "http://127.0.0.1:2/v1"}, "patience_seconds": 1}
    assert fingerprint() == fingerprint(**reached, **elsewhere)
    assert fingerprint() != fingerprint(extra_body={"reasoning_effort": "low"})
