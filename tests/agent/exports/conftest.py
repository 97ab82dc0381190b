"""A finished run on licensed tasks, to be exported."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from exporting import LICENSED
from laboratory import Laboratory, laboratory

from burnish.agent.record.run import Run, open_run


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("made")) as lab:
        lab.run("run", environment=LICENSED)
        yield lab


@pytest.fixture
def run(made: Laboratory) -> Run:
    return open_run(made.folder / "run")
