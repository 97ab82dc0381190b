"""What tokens cost: as configured, or as known of a model's name."""

from __future__ import annotations

from typing import Any

import pytest

from burnish.agent.loop.registry import check_parts
from burnish.agent.models.prices import full_price_of, is_local, price_of
from burnish.agent.models.reading import Tokens
from burnish.config import ModelConfig, RunConfig
from burnish.errors import ConfigError

MILLION = 10**6


def _usd(tokens: Tokens, **settings: Any) -> float | None:
    price = price_of(ModelConfig(**settings))
    return None if price is None else price(tokens)


def test_the_embedded_model_costs_nothing() -> None:
    assert _usd(Tokens(MILLION, MILLION)) == 0


def test_configured_prices_win_and_cached_tokens_have_their_own() -> None:
    own = {
        "url": "https://api.openai.com/v1",
        "name": "gpt-4o",
        "usd_per_million_prompt_tokens": 2.0,
        "usd_per_million_completion_tokens": 8.0,
    }
    assert _usd(Tokens(MILLION, MILLION, MILLION // 2), **own) == 10
    assert _usd(Tokens(MILLION, 0, MILLION // 2), **own, usd_per_million_cached_tokens=0.5) == 1.25
    assert _usd(Tokens(10, 0, MILLION), **own) == 20 / MILLION, "no more can be cached than there are"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "gpt-4o"),
        ("https://example.openai.azure.com/openai/deployments/gpt-4o", "gpt-4o"),
        ("https://openrouter.ai/api/v1", "openai/gpt-4o"),
        ("https://gateway.example.com/v1", "gpt-4o"),
    ],
)
def test_prices_are_known_of_names(url: str, name: str) -> None:
    dear = _usd(Tokens(MILLION, MILLION), url=url, name=name)
    cached = _usd(Tokens(MILLION, 0, MILLION), url=url, name=name)
    fresh = _usd(Tokens(MILLION, 0), url=url, name=name)
    assert dear is not None
    assert cached is not None
    assert fresh is not None
    assert 5 < dear < 50
    assert 0 < cached < fresh < dear


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "https://api.example.com/v1", "name": "nobody-knows-it"},
        {"url": "https://api.openai.com/v1"},
        {"url": "http://127.0.0.1:11434/v1", "name": "gpt-4o"},
        {"url": "https://api.openai.com/v1", "name": "gpt-4o", "usd_per_million_prompt_tokens": 1.0},
    ],
    ids=["an unknown name", "no name", "a server of one's own", "half a price"],
)
def test_what_is_not_known_is_refused_under_a_limit_in_dollars(settings: dict[str, Any]) -> None:
    assert full_price_of(ModelConfig(**settings)) is None
    limited = {"environment": "dates", "models": {"task": settings}, "budget": {"usd": 1.0}}
    with pytest.raises(ConfigError, match=r"budget\.usd: no price is known of the model .*usd_per_million"):
        check_parts(RunConfig.parse(limited))


def test_a_gateway_on_this_machine_that_takes_a_key_has_the_prices_of_its_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_KEY", "x")
    assert _usd(Tokens(MILLION, 0), url="http://127.0.0.1:4000/v1", name="gpt-4o", api_key_env="A_KEY")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1/v1", True),
        ("http://box:1/v1", True),
        ("http://10.0.0.7/v1", True),
        ("http://[::1]:8/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_servers_of_ones_own_are_known(url: str, local: bool) -> None:
    assert is_local(url) is local
