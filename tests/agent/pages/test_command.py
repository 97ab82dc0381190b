"""`burnish ui` as a person starts and ends it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from laboratory import CommandLine, Laboratory

from burnish.agent.pages.server import bound
from burnish.agent.pages.shelf import Shelf
from burnish.errors import ConfigError, StorageError


def test_it_prints_a_link_serves_and_ends_on_ctrl_c(learned: Laboratory) -> None:
    command = [sys.executable, "-m", "burnish", "ui", str(learned.folder / "run"), "--port", "0", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        (link,) = re.findall(r"http://127\.0\.0\.1:\d+/\?token=\S+", told)
        with httpx.Client(trust_env=False, timeout=60) as client:
            assert client.get(link, follow_redirects=True).status_code == 200
            with client.stream("GET", urljoin(link, "/runs/run/live")) as following:
                lines = following.iter_lines()
                assert next(lines) == "event: changed"
                process.send_signal(signal.SIGINT)
                assert not [line for line in lines if line.startswith("event")]  # it ends, though nobody left
        rest, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_in_use_is_a_sentence() -> None:
    with closing(bound(0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is in use or not allowed; give another with --port"):
            bound(port)


@pytest.mark.parametrize("port", [-1, 70000])
def test_a_port_that_is_none_is_a_sentence(port: int) -> None:
    with pytest.raises(ConfigError, match="give another with --port"):
        bound(port)


def test_what_is_no_run_is_refused(tmp_path: Path, burnish: CommandLine) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(StorageError, match="holds no run; give the directory of a run"):
            Shelf.of([path])
    assert burnish("ui", str(tmp_path)).code == StorageError.exit_code


def test_names_of_runs_make_addresses(learned: Laboratory, tmp_path: Path) -> None:
    run = learned.folder / "run"
    odd = []
    for name in ("run", "a b?#%41", "<img src=x>", "..x", "ü"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.toml").touch()
        odd.append(tmp_path / name)
    shelf = Shelf.of([run, *odd])
    assert len(shelf.runs) == 6
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name) for name in shelf.runs)
    assert shelf["run"] == run
    with pytest.raises(ConfigError, match="no run is named 'other' here"):
        shelf["other"]
