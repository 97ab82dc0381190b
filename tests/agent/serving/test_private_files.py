"""What was asked and said is for the owner of the server alone, and a full disk costs no answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from endpoints import said, serving
from laboratory import Laboratory

from burnish.agent.serving.feedback import Feedback
from burnish.agent.serving.private_file import PrivateFile
from burnish.agent.serving.request_log import RequestLog
from burnish.errors import ConfigError

TASK = "What is the code of the red bridge in room 1234?"
OPENERS: list[Callable[[Path], RequestLog | Feedback]] = [lambda path: RequestLog(path, path / "run"), Feedback]
WITHIN_A_LIMIT = """
import resource, sys
from pathlib import Path
from burnish.agent.serving.private_file import PrivateFile

file = PrivateFile(Path(sys.argv[1]), "it", "no")
file.append("first")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
try:
    file.append("x" * 100)
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
file.append("last")
"""


@contextmanager
def full(file: PrivateFile) -> Iterator[None]:
    """What is written goes to a device that is full, as it would to a full disk."""
    kept, device = os.dup(file._number), os.open("/dev/full", os.O_WRONLY)
    try:
        os.dup2(device, file._number)
        yield
    finally:
        os.dup2(kept, file._number)
        os.close(kept)
        os.close(device)


@pytest.mark.parametrize("opened", OPENERS)
@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640, 0o604])
def test_a_file_that_others_could_read_they_can_no_longer(
    opened: Callable[[Path], RequestLog | Feedback], mode: int, tmp_path: Path
) -> None:
    file = tmp_path / "file.jsonl"
    file.write_text("{}\n", encoding="utf-8")
    file.chmod(mode)
    with opened(file):
        assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text(encoding="utf-8") == "{}\n"


@pytest.mark.parametrize("opened", OPENERS)
def test_what_is_no_file_is_refused_at_once(opened: Callable[[Path], RequestLog | Feedback], tmp_path: Path) -> None:
    read, waiting = tmp_path / "read pipe", tmp_path / "pipe"
    for pipe in (read, waiting):
        os.mkfifo(pipe)
    reader = os.open(read, os.O_RDONLY | os.O_NONBLOCK)
    for path in (read, waiting, Path("/dev/null"), tmp_path):
        with pytest.raises(ConfigError, match=r"cannot be written.*; (give another file|serve without it)$"):
            opened(path)
    os.close(reader)


def test_a_full_disk_costs_no_answer_and_is_told_once(
    learned: Laboratory, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "requests.jsonl"
    with RequestLog(path, learned.folder / "run") as log, serving(learned.folder / "run", log=log) as served:
        with full(log._file):
            assert [served.ask(TASK).status_code for _ in range(3)] == [200] * 3
        kept = served.answer(TASK)["id"]
    assert [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()] == [kept]
    warned = capfd.readouterr().err
    assert warned.startswith(f"--log {path} cannot be written (No space left on device): answers are given")
    assert warned.endswith(".\n")
    assert warned.count("\n") == 1


def test_feedback_that_a_full_disk_does_not_take_is_refused(
    learned: Laboratory, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "feedback.jsonl"
    with Feedback(path) as feedback, serving(learned.folder / "run", feedback=feedback) as served:
        body = {"id": served.answer(TASK)["id"], "reward": 1}
        with full(feedback._file):
            error = said(served.http.post(f"{served.url}/feedback", json=body), 507)
        assert (error["type"], "No space left on device" in error["message"]) == ("server_error", True)
        assert served.http.post(f"{served.url}/feedback", json=body).status_code == 200
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    assert capfd.readouterr().err == ""


def test_a_line_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    done = subprocess.run([sys.executable, "-c", WITHIN_A_LIMIT, path], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert path.read_text(encoding="utf-8") == "first\nlast\n"
