"""Proofs made again, of what a run's journal holds: no model is asked and nothing of the run is changed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from burnish.agent.loop.open_session import open_session
from burnish.agent.loop.proofs import prove
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Run
from burnish.protocols import Environment
from burnish.records import SEALED, Proof


async def proofs_again(run: Run, environment: Environment) -> list[Proof]:
    """The proofs of a finished run, in the order of its report, worked out in a copy of its directory.

    Raises:
        Interrupted: a proof asks what the journal does not hold the answer to.

    """
    with tempfile.TemporaryDirectory(prefix="burnish-verify-") as scratch:
        copy = RunDirectory(Path(scratch) / "run")
        shutil.copytree(run.place.path, copy.path, ignore=shutil.ignore_patterns(run.place.training.name))
        async with open_session(copy, run.config, environment, lambda _kind, _facts: None, replay_only=True) as opened:
            opened.session.caller.begin(SEALED)
            return await prove(opened)
