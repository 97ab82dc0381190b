"""Fixtures of the end-to-end tests: laboratories, a finished run to look into, and the command line in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import CommandLine, Laboratory, laboratory


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Laboratory]:
    with laboratory(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with a finished run in the folder `run`, to be looked at only."""
    with laboratory(tmp_path_factory.mktemp("learned")) as made:
        made.run("run", seed=3)  # one of those in which the gate accepts a proposal, on train and on validation tasks
        yield made


@pytest.fixture
def burnish(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line, in this process."""
    return CommandLine(monkeypatch, capfd)
