"""Runs begun where a loop runs already, as in a notebook."""

from __future__ import annotations

from laboratory import Laboratory

from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify


async def test_a_run_goes_to_its_end_and_is_verified_within_a_loop(lab: Laboratory) -> None:
    assert lab.run("run", budget={"iterations": 1}).finished
    assert verify(open_run(lab.folder / "run")).holds
