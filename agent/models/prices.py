"""What tokens cost: by the prices that a configuration gives, or by those that are known of a model's name.

The known ones are those of `genai-prices`, which brings them along; nothing is asked of a network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import urlsplit

from burnish.agent.models.reading import Tokens
from burnish.model_tables import ModelConfig
from burnish.servers import EMBEDDED

Price: TypeAlias = Callable[[Tokens], float]
"""US dollars for the tokens of a call."""


def price_of(config: ModelConfig) -> Price | None:
    """The price of a model; None where nobody says it. Of one that is said by half the other half is 0."""
    if config.url == EMBEDDED:
        return lambda _: 0.0
    if any(price is not None for price in _own(config)):
        return _configured(config)
    return _known(config)


def full_price_of(config: ModelConfig) -> Price | None:
    """The price of a model; None where nobody says it, or only half of it."""
    own = _own(config)
    return None if None in own and own != (None, None) else price_of(config)


def _own(config: ModelConfig) -> tuple[float | None, float | None]:
    return config.usd_per_million_prompt_tokens, config.usd_per_million_completion_tokens


def _configured(config: ModelConfig) -> Price:
    prompt = config.usd_per_million_prompt_tokens or 0.0
    completion = config.usd_per_million_completion_tokens or 0.0
    cached = config.usd_per_million_cached_tokens
    cached = prompt if cached is None else cached

    def price(tokens: Tokens) -> float:
        fresh = max(0, tokens.prompt - tokens.cached)
        return (fresh * prompt + min(tokens.cached, tokens.prompt) * cached + tokens.completion * completion) / 1e6

    return price


def _known(config: ModelConfig) -> Price | None:
    if not config.name or (not config.api_key_env and not config.headers and is_local(config.url)):
        return None
    from genai_prices import Usage, calc_price

    def at(url: str | None) -> Price:
        def price(tokens: Tokens) -> float:
            usage = Usage(
                input_tokens=tokens.prompt,
                cache_read_tokens=min(tokens.cached, tokens.prompt),
                output_tokens=tokens.completion,
            )
            return float(calc_price(usage, config.name, provider_api_url=url).total_price)

        return price

    for url in (config.url, None):
        price = at(url)
        try:
            price(Tokens(1, 1))
        except LookupError:
            continue
        return price
    return None


def is_local(url: str) -> bool:
    """Whether a server is on this machine or in a private network, and so nobody's who takes money."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith((".local", ".internal")) or ("." not in host and ":" not in host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private
