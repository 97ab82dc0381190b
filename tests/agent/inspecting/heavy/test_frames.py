"""Frames of pandas, the real one."""

from __future__ import annotations

from laboratory import Laboratory

from burnish import open_run


def test_rows_are_frames(learned: Laboratory) -> None:
    run = open_run(learned.folder / "run")
    tasks = run.tasks().frame()
    assert list(tasks["tried"]) == [line.tried for line in run.tasks()]
    assert run.spending().frame()["usage.calls"].sum() == run.status().total.calls
    assert set(run.exemplars().frame()["id"]) == {exemplar.id for exemplar in run.memory()}
