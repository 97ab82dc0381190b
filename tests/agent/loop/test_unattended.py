"""A run that nobody looks after: started again and again, stopped by all kinds of hands, watched by what may fail."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from laboratory import CommandLine, Laboratory, learner

from burnish.agent.api import run
from burnish.agent.models.scripted import ScriptedReply
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import open_run
from burnish.agent.record.sittings import CUT_OFF, FINISHED
from burnish.errors import Interrupted, RunExists


def _ends(directory: Path) -> list[str]:
    return [one.how for one in open_run(directory).status().sittings]


def test_the_same_run_given_again_goes_on_and_then_is_only_reported(lab: Laboratory) -> None:
    config = lab.config()
    assert lab.killed("run", 40) == -signal.SIGKILL
    report = run(config, directory=lab.folder / "run", again=True)
    assert report.finished
    asked = len(lab.model.bodies)
    again = run(config, directory=lab.folder / "run", again=True)
    assert again.verdict == report.verdict
    assert len(lab.model.bodies) == asked, "nothing is asked twice"
    assert _ends(lab.folder / "run") == [CUT_OFF, FINISHED, FINISHED]


def test_another_run_in_its_place_is_refused_with_what_differs(lab: Laboratory) -> None:
    lab.run("run")
    with pytest.raises(RunExists, match=r"other settings \(sampling.tasks, seed\); continue it with `burnish resume"):
        run(lab.config(seed=9, sampling={"tasks": 5}), directory=lab.folder / "run", again=True)
    with pytest.raises(RunExists, match="already holds a run"):
        run(lab.config(), directory=lab.folder / "run")


def test_more_budget_in_its_place_is_not_another_run(lab: Laboratory) -> None:
    report = lab.run("run")
    again = run(lab.config(budget={"iterations": 9}), directory=lab.folder / "run", again=True)
    assert len(again.iterations) == len(report.iterations), "its budget is its own; `burnish resume` raises it"


def test_a_callback_that_fails_is_told_no_more_and_ends_nothing(lab: Laboratory) -> None:
    told: list[str] = []

    def fails(kind: str, _facts: Mapping[str, Any]) -> None:
        told.append(kind)
        raise BrokenPipeError("nobody reads")

    report = run(lab.config(), directory=lab.folder / "run", notify=fails)
    assert report.finished
    assert len(told) == 1
    log = (lab.folder / "run" / "log.jsonl").read_text()
    assert '"event": "unobserved"' in log
    assert "BrokenPipeError: nobody reads" in log


def test_a_log_that_cannot_be_written_ends_nothing(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: RunDirectory, _kind: str, _facts: Mapping[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunDirectory, "write_log", full)
    report = lab.run("run")
    assert report.finished
    (said,) = [event.facts for event in lab.events if event.kind == "unobserved"]
    assert said["observer"] == "log"
    assert "No space left" in said["reason"]


def test_a_log_that_is_long_is_laid_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnish.agent.record.directory.MOST_LOG", 100)
    place = RunDirectory(tmp_path)
    for n in range(9):
        place.write_log("event", {"n": n})
    assert place.log.stat().st_size < 200
    assert place.log.with_suffix(".1.jsonl").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_stops_it_gracefully_and_the_sitting_says_so(lab: Laboratory, number: signal.Signals) -> None:
    def stop(request: int) -> None:
        if request == 30:
            os.kill(os.getpid(), number)

    lab.model.watch = stop
    with pytest.raises(Interrupted):
        lab.run("run")
    lab.model.watch = lambda _number: None
    assert "stopped" in _ends(lab.folder / "run")[0]
    assert lab.resume("run").finished


def test_a_stop_file_stops_it_and_is_taken_away(lab: Laboratory) -> None:
    stop = RunDirectory(lab.folder / "run").stop_file
    heard = threading.Event()

    def slowly(body: Any) -> Any:
        if len(lab.model.bodies) == 20:
            stop.touch()
        if len(lab.model.bodies) >= 20 and not heard.is_set():
            for _ in range(50):
                if not stop.exists():
                    heard.set()
                    break
                time.sleep(0.1)
        return learner(body)

    lab.model.answer = slowly
    with pytest.raises(Interrupted):
        lab.run("run")
    lab.model.answer = learner
    assert heard.is_set()
    assert not stop.exists()
    assert RunDirectory(lab.folder / "run").heartbeat.read_text().split()[0] == str(os.getpid())
    assert lab.resume("run").finished


def test_status_says_how_the_last_sitting_ended(lab: Laboratory, burnish: CommandLine) -> None:
    assert lab.killed("run", 40) == -signal.SIGKILL
    said = burnish("status", lab.folder / "run")
    assert said.code == 0
    assert f"Its last sitting ended: {CUT_OFF}." in said.out


CANARY = "opensesame-0123456789abcdef"


def test_a_run_is_its_owners_alone_and_no_secret_is_in_it(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    before = os.umask(0)
    try:
        told = {
            "url": lab.url,
            "api_key_env": "A_KEY",
            "headers": {"x-also": "Basic $A_KEY"},
            "query": {"key": "$A_KEY"},
        }
        refused = {"n": 0}

        def echo(body: Any) -> Any:
            refused["n"] += 1
            if refused["n"] == 20:
                return ScriptedReply(f"too hot for {CANARY}", status=503)
            return learner(body)

        lab.model.answer = echo
        report = lab.run("run", models={"task": told})
    finally:
        os.umask(before)
    assert report.finished
    place = lab.folder / "run"
    assert place.stat().st_mode & 0o777 == 0o700
    files = [path for path in place.rglob("*") if path.is_file()]
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in files if path.stat().st_mode & 0o077} == {}
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
    assert CANARY not in repr([event.facts for event in lab.events])
