"""What is sent is what OpenAI's own client would send, by its own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import ConfigDict, TypeAdapter, with_config

from burnish.agent.models.client import ChatClient, ChatRequest
from burnish.agent.models.scripted import ScriptedServer
from burnish.config import ModelConfig
from burnish.types import Message

ASKED = (
    Message("system", "Be brief."),
    Message("user", "1 + 1?"),
    Message("assistant", "2"),
    Message("user", "2 + 2?"),
)
REQUESTS = [
    ChatRequest(ASKED, 16),
    ChatRequest(ASKED[1:2], 16, temperature=1.2, top_p=0.9, seed=7),
    ChatRequest(ASKED, 16, format="json"),
    ChatRequest(ASKED, 16, top_probabilities=5),
]
TYPE: TypeAdapter[Any] = TypeAdapter(with_config(ConfigDict(extra="forbid"))(CompletionCreateParamsNonStreaming))


async def sent(request: ChatRequest, **settings: Any) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []

    def answer(body: Mapping[str, Any]) -> str:
        seen.append(dict(body))
        return "4"

    with ScriptedServer(answer) as server:
        client = ChatClient(ModelConfig(url=server.base_url, name="m", **settings))
        try:
            await client.send(request, timeout=5)
        finally:
            await client.close()
    return seen[-1]


@pytest.mark.parametrize("number", range(len(REQUESTS)))
@pytest.mark.parametrize("settings", [{}, {"system_role": "user"}, {"drop": ["seed", "top_p"]}], ids=str)
async def test_a_request_is_one_of_openai(number: int, settings: dict[str, Any]) -> None:
    body = await sent(REQUESTS[number], **settings)
    TYPE.validate_python(body)
    assert body["model"] == "m"


async def test_what_is_added_by_hand_is_not_checked_away() -> None:
    body = await sent(REQUESTS[0], extra_body={"reasoning_effort": "low"})
    assert TYPE.validate_python(body)["reasoning_effort"] == "low"
