"""What the adapter of a program changes, and what is refused before anything is begun."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from burnish.agent.exports.filters import Sieve, by_most
from burnish.agent.exports.rows import Row
from burnish.agent.loop.registry import check_parts, choose_operators
from burnish.agent.models.client import ChatClient, ChatRequest
from burnish.agent.models.lora_adapters import AdapterServers, adapter_file, adapter_id
from burnish.agent.models.rendering import task_request
from burnish.agent.training.libraries import check_libraries
from burnish.config import ModelConfig, RunConfig
from burnish.errors import ConfigError, ModelUnavailable, StorageError
from burnish.programs import Program, Prompt
from burnish.types import Feedback, Message, Task, canonical_json, content_hash

PLAIN = Program(Prompt((("task", "Give the code."),)), revision=0)
TASK = Task("codes", "What is it?")


def test_programs_without_an_adapter_are_what_they_were() -> None:
    before = {name: value for name, value in PLAIN.to_json().items() if name != "adapter"}
    assert Program.from_json(before) == PLAIN
    assert replace(PLAIN, adapter="a").id != replace(PLAIN, adapter="b").id != PLAIN.id
    request = task_request(PLAIN, (), TASK)
    assert request.digest("m") == content_hash(canonical_json(request.body("m")))
    assert task_request(replace(PLAIN, adapter="a"), (), TASK).digest("m") != request.digest("m")


async def test_a_server_of_ones_own_is_not_asked_for_an_adapter() -> None:
    client = ChatClient(ModelConfig(url="http://127.0.0.1:1/v1"))
    request = ChatRequest((Message("user", "hello"),), max_tokens=1, adapter="a")
    with pytest.raises(ModelUnavailable, match="does not serve the adapter a"):
        await client.send(request, timeout=1.0)
    await client.close()


def test_an_adapter_whose_file_is_gone_is_named(tmp_path: Path) -> None:
    servers = AdapterServers(tmp_path / "weights.gguf", {"a": tmp_path / "gone.gguf"}, slots=1)
    with pytest.raises(StorageError, match="the adapter a is gone"):
        servers.url("a")


def test_an_adapter_is_a_file_or_the_folder_it_was_made_in(tmp_path: Path) -> None:
    file = tmp_path / "adapter.gguf"
    with pytest.raises(ConfigError, match="there is no adapter at"):
        adapter_file(str(tmp_path))
    file.write_bytes(b"text")
    with pytest.raises(ConfigError, match=r"adapter\.gguf is no GGUF file"):
        adapter_file(str(tmp_path))
    file.write_bytes(b"GGUF")
    assert adapter_file(str(tmp_path)) == adapter_file(str(file)) == file
    before = adapter_id(file)
    file.write_bytes(b"GGUF and more")
    assert adapter_id(file) != before


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"models": {"task": {"url": "http://h/v1", "adapter": "a"}}}, "models.task.adapter is for the embedded model"),
        ({"models": {"task": {"url": "http://h/v1"}}, "train": {"every": 1}}, "train.every trains the embedded model"),
        ({"models": {"task": {"adapter": "nowhere"}}}, "there is no adapter at nowhere"),
    ],
)
def test_what_cannot_be_trained_or_served_is_refused_at_the_start(tables: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_parts(RunConfig.parse(tables))


def test_missing_libraries_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(ConfigError, match=r"training needs .*trl; install them with `pip install 'burnish\[train\]'`"):
        check_libraries()


def test_a_run_trains_only_where_it_is_told_to() -> None:
    assert "train" not in [o.name for o in choose_operators(RunConfig())]
    assert choose_operators(RunConfig.parse({"train": {"every": 2}}))[-1].name == "train"


def test_the_first_answers_to_a_task_are_taken_right_and_wrong_alike() -> None:
    rows = [
        Row(TASK, f"{number} {right}", Feedback(float(right), verified=right), ("m",), "attempt", 1, 6)
        for number in range(3)
        for right in (True, False)
    ]
    sieve = Sieve(list(rows))
    by_most(sieve, 0)
    assert sieve.rows == rows
    by_most(sieve, 2)
    assert sieve.rows == rows[:4]
    assert sieve.counts[-1].taken == {"more than 2 of its task": 2}
