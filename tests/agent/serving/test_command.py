"""The command, from its first words to Ctrl-C."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from laboratory import CommandLine, Laboratory

from burnish.agent.serving.running import listening


def started(*arguments: object) -> tuple[subprocess.Popen[str], str]:
    """The process of `burnish serve`, and all that it says until it waits."""
    command = [sys.executable, "-m", "burnish", "serve", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    words = ""
    while "YOUR TASK" not in words:
        line = process.stdout.readline()
        assert line, process.communicate()
        words += line
    return process, words


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_to_ask_and_ends_cleanly(learned: Laboratory, number: signal.Signals) -> None:
    process, words = started(learned.folder / "run", "--port", "0")
    found = re.search(r"http://127\.0\.0\.1:\d+/v1", words)
    assert found
    assert "champion (program" in words
    response = httpx.post(
        f"{found.group()}/chat/completions",
        json={"model": "champion", "messages": [{"role": "user", "content": "YOUR TASK"}]},
    )
    assert response.status_code == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert err.splitlines() == ["Opening the run: loading memory and model.", "Stopped."]


def test_an_answer_that_takes_longer_than_the_grace_is_refused_in_a_sentence(lab: Laboratory) -> None:
    lab.run("run")
    answers, asked = threading.Event(), threading.Event()
    lab.model.watch = lambda _request: asked.set()
    lab.model.answer = lambda _body: "late" if answers.wait(60) else ""
    process, words = started(lab.folder / "run", "--port", "0")
    found = re.search(r"http://127\.0\.0\.1:\d+/v1", words)
    assert found
    with ThreadPoolExecutor(1) as pool:
        question = {"model": "champion", "messages": [{"role": "user", "content": "YOUR TASK"}]}
        reply = pool.submit(httpx.post, f"{found.group()}/chat/completions", json=question, timeout=60)
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        answers.set()
    assert reply.result().status_code == 503
    assert reply.result().json()["error"]["message"] == "The server is ending; ask again later."
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "Stopped."


def test_a_port_in_use_is_one_sentence(learned: Laboratory, burnish: CommandLine) -> None:
    with listening("127.0.0.1", 0) as bound:
        done = burnish("serve", learned.folder / "run", "--port", bound.getsockname()[1])
    assert done.code == 2
    assert "is in use; give another --port, or --port 0" in done.err
    assert len(done.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "without a key"),
        (["--host", "192.0.2.1", "--port", "0", "--key-env", "A_KEY"], "cannot listen on 192.0.2.1"),
        (["--key-env", "NOT_SET"], "NOT_SET (--key-env) is not set"),
        (["--at", "77", "--port", "0"], "there is no iteration 77"),
        (["--log", "{run}/log.jsonl", "--port", "0"], "lies in the folder of the run"),
        (["--log", "{run}/../none/log.jsonl", "--port", "0"], "cannot be written"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    learned: Laboratory, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    monkeypatch.setenv("A_KEY", "secret")
    run = learned.folder / "run"
    done = burnish("serve", run, *[option.format(run=run) for option in options])
    assert done.code == 2
    assert words in done.err
    assert done.out == ""


def test_a_folder_without_a_run_is_refused(burnish: CommandLine, tmp_path: Path) -> None:
    done = burnish("serve", tmp_path)
    assert done.code == 6
    assert "holds no run" in done.err


def test_a_read_only_copy_is_served(learned: Laboratory, tmp_path: Path, burnish: CommandLine) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(learned.folder / "run"), str(copy)], check=True)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = burnish("serve", copy, "--check")
    assert done.code == 0, done.err
