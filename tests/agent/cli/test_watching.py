"""A run at work seen from another terminal, and those who are told of it."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from pathlib import Path

import pytest
from laboratory import CommandLine, Laboratory

from burnish.agent.cli.announcing import Announcer, announced
from burnish.agent.cli.watching import curve_of
from burnish.agent.inspecting.summary import Point
from burnish.errors import ModelUnavailable


def test_a_finished_run_and_one_that_was_cut_off(lab: Laboratory, burnish: CommandLine) -> None:
    lab.run("first")
    assert lab.killed("second", 40) == -signal.SIGKILL
    said = burnish("watch", lab.folder / "first", lab.folder / "second")
    assert said.code == 0, said.err
    assert "IMPROVED after iteration 3" in said.out
    assert "nobody at work" in said.out
    assert "verified  " in said.out
    assert " calls · " in said.out
    whole = json.loads(burnish("watch", lab.folder / "first", "--json").out)
    assert whole[0]["status"]["finished"] is True


def test_what_is_no_run_is_said_at_once(burnish: CommandLine, tmp_path: Path) -> None:
    said = burnish("watch", tmp_path)
    assert said.code == 6
    assert "holds no run" in said.err


def test_the_curve_has_a_bar_an_iteration() -> None:
    points = [Point(n, n, 10, verified, 0, (), (), "none", promoted=n == 2) for n, verified in enumerate((0, 5, 10))]
    assert curve_of(points) == "▁▄[green]█[/] 100%"
    assert curve_of([Point(0, 0, 0, 0, 0, (), (), "none", promoted=False)]) == ""


def test_a_command_is_told_of_the_end_with_all_that_is_known(
    lab: Laboratory, burnish: CommandLine, tmp_path: Path
) -> None:
    file, script = tmp_path / "told", tmp_path / "tell.py"
    script.write_text(
        "import os, sys\n"
        f"with open({str(file)!r}, 'a') as out:\n"
        "    print(os.environ['BURNISH_EVENT'], os.environ['BURNISH_SAID'], sys.stdin.read(), sep='|', file=out)\n"
    )
    import tomli_w

    config = tmp_path / "run.toml.in"
    config.write_text(tomli_w.dumps(lab.config().model_dump(mode="json", exclude_defaults=True)))
    command = shlex.join([sys.executable, str(script)])
    said = burnish("run", config, "--dir", tmp_path / "run", "--on-event", command)
    assert said.code == 0, said.err
    (line,) = file.read_text().splitlines()
    event, sentence, plain = line.split("|")
    assert (event, sentence) == ("finished", "finished: improved")
    assert json.loads(plain) == {"event": "finished", "run": str(tmp_path / "run"), "verdict": "improved"}


def test_a_run_that_ends_before_its_time_is_told_of_too(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def work() -> None:
        with announced(tmp_path, (), ()) as announcer:
            announcer._tells = [lambda kind, said, _plain: told.append((kind, said))]
            announcer("outage", {"reason": "too\nhot"})
            announcer("iteration", {})
            raise ModelUnavailable("it is gone")

    with pytest.raises(ModelUnavailable):
        work()
    assert told == [("outage", "waits for a model server: too hot"), ("ended", "ended before its time: it is gone")]


def test_one_that_cannot_be_told_ends_nothing(tmp_path: Path) -> None:
    def fails(*_: str) -> None:
        raise OSError("nobody there")

    told: list[str] = []
    announcer = Announcer(tmp_path, [fails, lambda kind, _said, _plain: told.append(kind)])
    announcer("back", {})
    announcer.close()
    assert told == ["back"]


@pytest.mark.parametrize("command", ["", "'unfinished"])
def test_a_command_that_is_none_is_refused(lab: Laboratory, burnish: CommandLine, tmp_path: Path, command: str) -> None:
    said = burnish("run", "--env", "null", "--dir", tmp_path / "run", "--model", lab.url, "--on-event", command)
    assert said.code == 2
    assert "--on-event" in said.err
    assert not (tmp_path / "run").exists()
