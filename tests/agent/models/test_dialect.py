"""What a server refuses by name is renamed or left out."""

from __future__ import annotations

from typing import Any

import pytest

from burnish.agent.models.dialect import Dialect

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Answer."},
        {"role": "user", "content": "1 + 1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "2 + 2?"},
    ],
    "max_tokens": 7,
    "temperature": 0.0,
    "top_p": 1.0,
    "seed": 3,
    "logprobs": True,
    "top_logprobs": 5,
    "response_format": {"type": "json_object"},
}


@pytest.mark.parametrize(
    ("said", "change"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
            {"newer_limit": True},
        ),
        (
            "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is "
            "supported.",
            {"dropped": ("temperature",)},
        ),
        ("o3-mini does not support parameters: ['top_p']", {"dropped": ("top_p",)}),
        ("seed: Extra inputs are not permitted", {"dropped": ("seed",)}),
        ('Unknown name "seed": Cannot find field.', {"dropped": ("seed",)}),
        ("logprobs are not supported by this model", {"dropped": ("logprobs", "top_logprobs")}),
        ("top_logprobs is not allowed", {"dropped": ("top_logprobs",)}),
        ("Unrecognized request argument supplied: response_format", {"dropped": ("response_format",)}),
        ("Jinja Exception: System role not supported", {"system": "user"}),
        ("Developer instruction is not enabled for models/gemma-3-1b-it", {"system": "user"}),
        (
            "Conversation roles must alternate user/assistant/user/assistant/...",
            {"merged": True, "system": "user"},
        ),
    ],
)
def test_a_refusal_by_name_teaches_how_to_ask(said: str, change: dict[str, Any]) -> None:
    learned = Dialect().taught(said, BODY)
    assert learned is not None
    assert learned[0] == Dialect(**change)
    assert learned[0].taught(said, learned[0].put(BODY)) is None, "nothing is learned twice"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "This model's maximum context length is 4096 tokens; max_tokens is too large",
        "temperature: Input should be less than or equal to 1",
        "Unsupported model",
        "Invalid system prompt length",
    ],
)
def test_what_names_nothing_that_can_be_left_out_teaches_nothing(said: str) -> None:
    assert Dialect().taught(said, BODY) is None


def test_a_request_is_put_as_the_server_takes_it() -> None:
    assert Dialect().put(BODY) == BODY
    put = Dialect(dropped=("top_p", "seed"), newer_limit=True).put(BODY)
    assert put == {
        **{name: value for name, value in BODY.items() if name not in ("top_p", "seed", "max_tokens")},
        "max_completion_tokens": 7,
    }
    assert Dialect(system="developer").put(BODY)["messages"][0]["role"] == "developer"
    assert Dialect(system="user").put(BODY)["messages"] == [
        {"role": "user", "content": "Answer.\n\n1 + 1?"},
        *BODY["messages"][2:],
    ]
    assert BODY["messages"][0]["role"] == "system", "the request itself stays as it is"
