"""The embedded server with its real library and the real packaged weights."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from burnish.agent.models.embedded import BYTES, INSTALL, EmbeddedServer, check_weights, free_cores, model_file
from burnish.errors import ConfigError, ModelUnavailable

CHAT = [{"role": "system", "content": "You answer briefly."}, {"role": "user", "content": "Name three colours."}]


@pytest.fixture(scope="module")
def weights() -> Path:
    return model_file(None)


@pytest.fixture(scope="module")
def server(weights: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(weights, slots=2, context=256) as running:
        yield running


def ask(server: EmbeddedServer, **settings: object) -> httpx.Response:
    body = {"messages": CHAT, "temperature": 0, "max_tokens": 8, **settings}
    return httpx.post(f"{server.base_url}/chat/completions", json=body, timeout=60)


def thread_count() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def test_answers_a_chat_and_reports_what_it_used(server: EmbeddedServer) -> None:
    reply = ask(server).json()
    assert reply["choices"][0]["message"]["content"]
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["model"] == server.model_name == "SmolLM2-135M-Instruct.Q4_1"
    assert reply["usage"]["completion_tokens"] == 8
    assert reply["usage"]["prompt_tokens"] == 22


def test_a_repeated_prompt_comes_from_the_cache_and_gives_the_same_answer(server: EmbeddedServer) -> None:
    first, second = ask(server).json(), ask(server).json()
    assert second["usage"]["prompt_tokens_details"]["cached_tokens"] == 21
    assert first["choices"][0]["message"] == second["choices"][0]["message"]


def test_a_seed_fixes_the_sample(server: EmbeddedServer) -> None:
    answers = [ask(server, temperature=0.8, seed=7).json()["choices"][0]["message"]["content"] for _ in range(2)]
    assert answers[0] == answers[1]


def test_a_prompt_longer_than_the_slot_is_rejected_with_its_length(server: EmbeddedServer) -> None:
    reply = ask(server, messages=[{"role": "user", "content": "word " * 300}])
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "exceed_context_size_error"


def test_listens_on_loopback_only(server: EmbeddedServer) -> None:
    assert server.base_url.startswith("http://127.0.0.1:")
    assert server.base_url.endswith("/v1")


@pytest.mark.thorough
def test_a_second_start_works_and_leaves_no_thread(weights: Path) -> None:
    counts = []
    for _ in range(2):
        with EmbeddedServer(weights, slots=1, context=64) as running:
            assert ask(running).status_code == 200
            url = running.base_url
        counts.append(thread_count())
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/models")
    assert counts[1] <= counts[0]  # those of earlier tests may end meanwhile


@pytest.mark.thorough
def test_leaving_ends_a_request_still_in_flight(weights: Path) -> None:
    failures: list[Exception] = []

    def long_request(running: EmbeddedServer) -> None:
        try:
            ask(running, max_tokens=4000, ignore_eos=True)
        except httpx.TransportError as error:
            failures.append(error)

    with EmbeddedServer(weights, slots=1, context=8000) as running:
        assert ask(running).status_code == 200
        client = threading.Thread(target=long_request, args=(running,))
        client.start()
        client.join(0.5)
    client.join(10)
    assert len(failures) == 1


def test_prints_nothing(weights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with EmbeddedServer(weights, slots=1, context=64) as running:
        ask(running)
        ask(running, messages=[{"role": "user", "content": "word " * 300}])
    assert capfd.readouterr() == ("", "")


def test_truncated_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    damaged = tmp_path / weights.name
    with weights.open("rb") as whole:
        damaged.write_bytes(whole.read(1000))
    with pytest.raises(ModelUnavailable, match=rf"is damaged \(1000 bytes, not {BYTES}\); reinstall"):
        check_weights(damaged)
    with pytest.raises(ModelUnavailable, match="cannot be served"), EmbeddedServer(damaged):
        pass


def test_one_flipped_bit_is_refused(weights: Path, tmp_path: Path) -> None:
    damaged = tmp_path / weights.name
    shutil.copyfile(weights, damaged)
    with damaged.open("r+b") as stream:
        stream.seek(BYTES // 2)
        byte = stream.read(1)[0]
        stream.seek(BYTES // 2)
        stream.write(bytes([byte ^ 1]))
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        check_weights(damaged)


def test_missing_package_says_how_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(ModelUnavailable, match=INSTALL):
        model_file(None)


def test_missing_path_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        model_file(str(tmp_path / "none.gguf"))


def test_a_file_that_is_no_gguf_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_text("hello")
    with pytest.raises(ConfigError, match="not a GGUF file"):
        model_file(str(tmp_path / "notes.gguf"))


def test_a_gguf_of_the_users_own_is_taken_by_its_magic_bytes(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(b"GGUF and more")
    assert model_file(str(tmp_path / "own.gguf")) == tmp_path / "own.gguf"


def test_free_cores_is_at_least_one() -> None:
    assert free_cores() >= 1
