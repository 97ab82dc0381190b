"""Ctrl-C and SIGTERM to `burnish run`: what is in flight is kept, and `burnish resume` comes to the same end."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals
from typing import Any

import pytest
from laboratory import Body, Laboratory, laboratory, learner, query

from burnish.agent.record.run import open_run

SHORT: dict[str, Any] = {"budget": {"iterations": 2}, "sealed": {"tasks": 10}}
BURNISH = (sys.executable, "-c", "from burnish.agent.cli.main import main; main()")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with an uninterrupted run in the folder `whole`; its model takes a while to answer."""
    with laboratory(tmp_path_factory.mktemp("signals"), latency=0.01) as made:
        made.run("whole", **SHORT)
        yield made


@contextmanager
def started(lab: Laboratory, name: str, at: int, *numbers: Signals) -> Iterator[subprocess.Popen[str]]:
    """`burnish run`, which gets the signals with its `at`-th request."""
    config = lab.folder / f"{name}.toml"
    config.write_text(lab.config(**SHORT).to_toml())
    ready = threading.Event()
    lab.model.clear()
    with subprocess.Popen(
        [*BURNISH, "run", str(config), "--dir", str(lab.folder / name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

        def signal(request: int) -> None:
            if request >= at and numbers[request - at : request - at + 1]:
                ready.wait()
                process.send_signal(numbers[request - at])

        lab.model.watch = signal
        ready.set()
        yield process
    lab.model.watch = lambda _number: None


@pytest.mark.parametrize(("number", "at"), [(SIGINT, 40), pytest.param(SIGTERM, 75, marks=pytest.mark.thorough)])
def test_a_signal_stops_without_losing_a_call_and_resume_comes_to_the_same_end(
    reference: Laboratory, number: Signals, at: int
) -> None:
    name = number.name
    with started(reference, name, at, number) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert f"burnish resume {reference.folder / name}" in err
    assert "Traceback" not in err
    assert out == ""
    assert query(reference.folder / name, "SELECT DISTINCT state FROM calls") == [("done",)]
    answered = query(reference.folder / name, "SELECT COUNT(*) FROM calls")[0][0]
    assert at <= answered == len(reference.model.bodies)
    _resume(reference, name, answered)


def _resume(lab: Laboratory, name: str, answered: int) -> None:
    lab.model.clear()
    done = subprocess.run([*BURNISH, "resume", str(lab.folder / name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = open_run(lab.folder / name).report()
    assert report.same_outcome(lab.report)
    assert report.total.calls == lab.report.total.calls == answered + len(lab.model.bodies)


@pytest.mark.thorough
def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    hold = threading.Event()

    def never_done(body: Body) -> str:
        if len(lab.model.bodies) >= 20:
            threading.Timer(0.5, process.send_signal, (SIGINT,)).start()
            hold.wait(30)
        return learner(body)

    with laboratory(tmp_path, never_done) as lab:
        with started(lab, "twice", 20, SIGINT) as process:
            _, err = process.communicate(timeout=20)
        hold.set()
        assert process.returncode == 3
        assert "burnish resume" in err
        assert "Traceback" not in err
        lost = query(tmp_path / "twice", "SELECT COUNT(*) FROM calls WHERE state IN ('intent', 'lost')")
        assert lost[0][0] > 0
        lab.model.answer = learner
        assert lab.resume("twice").finished


@pytest.mark.thorough
def test_a_run_that_was_killed_is_unfinished_and_resumes(reference: Laboratory) -> None:
    with started(reference, "power", 60, SIGKILL) as process:
        process.communicate(timeout=60)
    assert process.returncode == -SIGKILL
    assert open_run(reference.folder / "power").report().verdict == "unfinished"
    assert reference.resume("power").same_outcome(reference.report)
