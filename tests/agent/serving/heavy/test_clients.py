"""The clients that people have, the real ones: OpenAI's library and the `llm` tool."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from endpoints import Served, serving
from laboratory import Laboratory

from burnish.agent.models.scripted import ScriptedReply

KEY = "s3cret"
TASK = "What is the code of the red bridge in room 1234?"


@pytest.fixture(scope="module")
def keyed(learned: Laboratory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_KEY", KEY)
        with serving(learned.folder / "run", key_env="A_KEY") as served:
            served.headers = {"authorization": f"Bearer {KEY}"}
            yield served


@pytest.fixture
def client(keyed: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=keyed.url, api_key=KEY, max_retries=0)


def ask(client: openai.OpenAI, **settings: object) -> Any:
    messages = [{"role": "user", "content": TASK}]
    return client.chat.completions.create(model="champion", messages=messages, **settings)


def test_openai_answers_as_any_client(client: openai.OpenAI, keyed: Served) -> None:
    made = ask(client, temperature=0.2)
    plain = keyed.answer(TASK, temperature=0.2)
    assert made.choices[0].message.content == plain["choices"][0]["message"]["content"]
    assert made.usage
    assert made.usage.total_tokens > 0
    assert made.model_extra
    assert made.model_extra["burnish"] == plain["burnish"]
    assert plain["burnish"]["ignored"] == ["temperature"]


def test_openai_streams(client: openai.OpenAI) -> None:
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == ask(client).choices[0].message.content
    assert chunks[-1].usage.total_tokens > 0
    assert any("burnish" in (chunk.model_extra or {}) for chunk in chunks)


async def test_openai_asks_many_at_once(keyed: Served) -> None:
    async with openai.AsyncOpenAI(base_url=keyed.url, api_key=KEY) as client:
        jobs = [
            client.chat.completions.create(model="champion", messages=[{"role": "user", "content": f"{TASK} {n}"}])
            for n in range(16)
        ]
        made = await asyncio.gather(*jobs)
    assert len({one.id for one in made}) == 16


def test_openai_lists_models(client: openai.OpenAI) -> None:
    assert {"champion", "seed", "iteration-0"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("seed").owned_by == "burnish"


def test_openai_raises_its_own_errors(client: openai.OpenAI, keyed: Served, learned: Laboratory) -> None:
    with pytest.raises(openai.AuthenticationError, match="API key"):
        openai.OpenAI(base_url=keyed.url, api_key="wrong").models.list()
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-5'"):
        client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": TASK}])
    with pytest.raises(openai.BadRequestError, match="`n` would change the program"):
        ask(client, n=3)
    learned.model.answer, before = lambda _: ScriptedReply("out of memory", status=500), learned.model.answer
    with pytest.raises(openai.InternalServerError, match="The model server failed"):
        ask(client)
    learned.model.answer = before


def test_llm_asks_by_its_usual_settings(keyed: Served, tmp_path: Path) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: burnish\n  model_name: champion\n  api_base: {keyed.url}\n  api_key_name: burnish\n",
        encoding="utf-8",
    )
    (tmp_path / "keys.json").write_text(json.dumps({"burnish": KEY}), encoding="utf-8")
    # no plug-ins: the packaged weights are one of `llm`, whose library is not installed
    environment = {**os.environ, "LLM_USER_PATH": str(tmp_path), "LLM_LOAD_PLUGINS": ""}
    for options in ([], ["--no-stream"]):
        done = subprocess.run(
            [sys.executable, "-m", "llm", "-m", "burnish", *options, TASK],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == keyed.answer(TASK)["choices"][0]["message"]["content"]
    refused = subprocess.run(
        [sys.executable, "-m", "llm", "-m", "burnish", "-s", "Be brief.", TASK],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "--system merge" in refused.stderr
