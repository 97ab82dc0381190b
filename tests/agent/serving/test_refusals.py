"""What is refused, with which status and in OpenAI's shape; and what is ignored and said to be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from endpoints import Served, said, serving
from laboratory import Laboratory

from burnish.agent.models.scripted import ScriptedReply
from burnish.agent.serving.app import MOST_BYTES
from burnish.agent.serving.door import open_door
from burnish.errors import ConfigError

TASK = "What is the code of the red bridge in room 1234?"
USER = {"role": "user", "content": TASK}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"messages": [USER]}, "model"),
        ({"model": "champion"}, "messages"),
        ({"model": "champion", "messages": []}, "messages"),
        ({"model": "champion", "messages": ["hello"]}, "messages"),
        ({"model": "champion", "messages": [{"role": "user", "content": " "}]}, "messages"),
        ({"model": "champion", "messages": [{"role": "user", "content": None}]}, "messages"),
        ({"model": "champion", "messages": [{"role": "tool", "content": "x"}]}, "messages"),
        ({"model": "champion", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
        ({"model": "champion", "messages": [USER, {"role": "assistant", "content": "x"}]}, "messages"),
        ({"model": "champion", "messages": [USER, {"role": "assistant", "content": "x"}, USER]}, "messages"),
        ({"model": "champion", "messages": [{"role": "system", "content": "Be brief."}, USER]}, "messages"),
    ],
)
def test_what_is_no_chat_request_for_a_task_is_refused(served: Served, body: object, param: str | None) -> None:
    assert said(served.chat(body), 400)["param"] == param


@pytest.mark.parametrize(
    "setting",
    [
        {"n": 2},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"stop": ["\n"]},
        {"logprobs": True},
        {"logit_bias": {"5": 10}},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        {"response_format": "yaml"},
    ],
)
def test_what_would_change_the_program_is_refused_by_name(served: Served, setting: dict[str, Any]) -> None:
    error = said(served.ask(TASK, **setting), 400)
    assert [error["param"]] == list(setting)
    assert "leave it out" in error["message"]


def test_settings_of_the_programs_own_are_ignored_and_named(served: Served, learned: Laboratory) -> None:
    plain = served.answer(TASK, n=1, tools=[], stop=None, temperature=0, top_p=1, user="me", presence_penalty=0)
    sent = learned.model.bodies[-1]
    other = served.answer(TASK, temperature=0.7, max_tokens=5, seed=3, reasoning_effort="high")
    assert plain["burnish"]["ignored"] == []
    assert other["burnish"]["ignored"] == ["temperature", "max_tokens", "seed", "reasoning_effort"]
    assert learned.model.bodies[-1] == sent
    assert other["choices"] == plain["choices"]


def test_parts_that_are_texts_are_one_text(served: Served) -> None:
    parts = [{"type": "text", "text": part} for part in TASK.split(" in ")]
    body = {"model": "champion", "messages": [{"role": "user", "content": parts}]}
    assert served.chat(body).status_code == 200


def test_system_messages_can_be_put_in_front_of_the_task(learned: Laboratory) -> None:
    told = [{"role": "system", "content": "Be brief."}, {"role": "developer", "content": "And kind."}]
    with serving(learned.folder / "run", system="merge") as served:
        assert said(served.chat({"model": "seed", "messages": told}), 400)["param"] == "messages"
        assert served.chat({"model": "seed", "messages": [*told, USER]}).status_code == 200
    sent = learned.model.bodies[-1]["messages"]
    assert sent[-1]["content"] == f"Be brief.\n\nAnd kind.\n\n{TASK}"
    assert [message["role"] for message in sent].count("system") == 1


def test_an_unknown_model_or_path_is_not_found(served: Served) -> None:
    assert said(served.ask(TASK, "gpt-5"), 404)["code"] == "model_not_found"
    assert said(served.http.get(f"{served.url}/models/gpt-5"), 404)["code"] == "model_not_found"
    assert "POST /v1/chat/completions" in said(served.http.get(f"{served.url}/completions"), 404)["message"]
    said(served.http.get(f"{served.url}/chat/completions"), 405)


def test_a_body_must_be_json_and_not_endless(served: Served) -> None:
    url, kind = f"{served.url}/chat/completions", {"content-type": "application/json"}
    assert "no JSON" in said(served.http.post(url, content=b"{", headers=kind), 400)["message"]
    said(served.http.post(url, content=b"[" * 100_000, headers=kind), 400)
    said(served.http.post(url, content=b"\xff\xfe\x00", headers=kind), 400)
    said(served.http.post(url, content=b" " * (MOST_BYTES + 1), headers=kind), 413)
    said(served.http.post(url, content=json.dumps({"model": "seed"})), 415)


def test_half_characters_and_control_tokens_are_answered(served: Served, learned: Laboratory) -> None:
    body = '{"model": "seed", "messages": [{"role": "user", "content": "\\ud800 <|im_end|> \\u0000"}]}'
    learned.model.answer, before = lambda _: "\udfff", learned.model.answer
    response = served.http.post(
        f"{served.url}/chat/completions", content=body, headers={"content-type": "application/json"}
    )
    learned.model.answer = before
    assert response.status_code == 200
    assert json.loads(response.content)["choices"][0]["message"]["content"] == "\udfff"
    assert "<|im_end|>" not in json.dumps(learned.model.bodies[-1])


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (ScriptedReply("out of memory", status=500), 502, "answered 500"),
        (ScriptedReply("busy", status=429, headers={"retry-after": "7"}), 502, "answered 429"),
        (ScriptedReply("no such model", status=404), 502, "no such model"),
        (ScriptedReply(status=401), 502, "refused the API key"),
        (ScriptedReply(hang_up=True), 502, "did not answer"),
        (ScriptedReply(raw=b"{}"), 502, "no chat completion"),
        (ScriptedReply("the request exceeds the available context size", status=400), 413, "context size"),
    ],
)
def test_a_fault_of_the_model_server_is_told_in_its_words(
    served: Served, learned: Laboratory, reply: ScriptedReply, status: int, words: str
) -> None:
    learned.model.answer, before = lambda _: reply, learned.model.answer
    try:
        response = served.ask(TASK)
    finally:
        learned.model.answer = before
    assert words in said(response, status)["message"]
    assert response.headers.get("retry-after") == ("7" if reply.headers else None)
    assert served.ask(TASK).status_code == 200


def test_an_answer_that_was_cut_off_says_so(served: Served, learned: Laboratory) -> None:
    learned.model.answer, before = lambda _: ScriptedReply("ab", finish="length"), learned.model.answer
    try:
        assert served.answer(TASK)["choices"][0]["finish_reason"] == "length"
    finally:
        learned.model.answer = before


def test_until_the_run_is_open_requests_are_put_off() -> None:
    with serving(None) as served:
        response = served.ask(TASK)
        assert "still being opened" in said(response, 503)["message"]
        assert int(response.headers["retry-after"]) > 0


def test_a_key_is_asked_for_where_there_is_one(learned: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SERVE_KEY", "s3cret")
    with serving(learned.folder / "run") as served:
        for given in ("", "Bearer wrong", "s3cret2", "Bearer s3cret2", "Bearer"):
            header = {"authorization": given}
            assert said(served.http.get(f"{served.url}/models", headers=header), 401)["code"] == "invalid_api_key"
            served.headers = header
            said(served.ask(TASK), 401)
        served.headers = {"authorization": "Bearer s3cret"}
        assert served.ask(TASK).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("key_env", [None, "A_KEY"])
@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_key_does_not_open_the_door(
    blank: str, key_env: str | None, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = key_env or "BURNISH_SERVE_KEY"
    monkeypatch.setenv(name, blank)
    with pytest.raises(ConfigError, match=f"^the environment variable {name} is set but blank; "):
        open_door(host, key_env)
    monkeypatch.delenv(name)
    assert key_env or host != "127.0.0.1" or open_door(host, key_env).key == ""


def test_a_page_that_took_another_name_for_this_machine_is_kept_out(served: Served) -> None:
    for host in ("evil.example:80", "evil.example", "127.0.0.1.evil.example", ""):
        assert said(served.http.get(f"{served.url}/models", headers={"host": host}), 403)["code"] == "wrong_host"
    for host in ("localhost", "localhost:8660", "127.0.0.1:1", "[::1]:8660", "LOCALHOST:80"):
        assert served.http.get(f"{served.url}/models", headers={"host": host}).status_code == 200


def test_the_log_has_a_line_for_each_answer(learned: Laboratory, tmp_path: Path) -> None:
    from burnish.agent.serving.request_log import RequestLog

    file = tmp_path / "requests.jsonl"
    file.write_text("{}\n", encoding="utf-8")
    with RequestLog(file, learned.folder / "run") as log, serving(learned.folder / "run", log=log) as served:
        answered = served.answer(TASK)
        served.ask(TASK, "none")
    first, line = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert first == {}
    assert line["id"] == answered["id"]
    assert line["answer"] == answered["choices"][0]["message"]["content"]
    assert line["prompt"] == learned.model.bodies[-1]["messages"]
    assert [one["id"] for one in line["exemplars"]] == [one["id"] for one in answered["burnish"]["exemplars"]]
    assert {"time", "name", "program", "text", "usage", "seconds", "nearest", "unlike"} <= set(line)
