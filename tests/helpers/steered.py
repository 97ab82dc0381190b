"""Runs to be changed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from laboratory import Laboratory

from burnish.agent.api import run as start
from burnish.agent.record.run import Run, open_run
from burnish.errors import Interrupted
from burnish.protocols import Environment


def halted(lab: Laboratory, after: int, live: Environment | None = None, **tables: Any) -> Run:
    """A run in the folder `run` that ended just after an iteration, before the next one."""

    def stop(kind: str, facts: Mapping[str, Any]) -> None:
        if kind == "iteration" and facts["number"] == after:
            raise Interrupted("halted")

    with pytest.raises(Interrupted):
        start(lab.config(seed=3, **tables), directory=lab.folder / "run", environment=live, notify=stop)
    return open_run(lab.folder / "run")
