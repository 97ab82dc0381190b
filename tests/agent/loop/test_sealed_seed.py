"""What decides the sealed tasks is secret until they are asked, and committed to before the first call."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from typing import Any

import pytest
from laboratory import Laboratory, query

from burnish.agent.record.run import open_run
from burnish.agent.record.seeds import OPENED, commitment
from burnish.errors import StorageError

DRAWN: Mapping[str, Any] = {"sealed": {"tasks": 20, "seed": None}}


def sealed_tasks(lab: Laboratory, name: str) -> set[str]:
    with open_run(lab.folder / name).journal() as journal:
        return {attempt.task_id for _, attempt, _ in journal.judged("sealed seed")}


def test_two_runs_with_one_seed_have_other_sealed_tasks_unless_it_is_given(lab: Laboratory) -> None:
    short = {"budget": {"iterations": 1}}
    for name in ("one", "other"):
        lab.run(name, **DRAWN, **short)
    assert sealed_tasks(lab, "one") != sealed_tasks(lab, "other")
    for name in ("given", "again"):
        lab.run(name, sealed={"tasks": 20, "seed": 7}, **short)
    assert sealed_tasks(lab, "given") == sealed_tasks(lab, "again")


def test_nobody_can_read_it_in_the_journal_before_the_sealed_test_is_opened(lab: Laboratory) -> None:
    lab.killed("run", 40, **DRAWN)
    place = open_run(lab.folder / "run").place
    secret = place.sealed_seed.read_text()
    assert stat.S_IMODE(place.sealed_seed.stat().st_mode) == 0o600
    assert secret.encode() not in place.journal.read_bytes()
    assert query(place.path, "SELECT value FROM meta WHERE key = ?", OPENED) == []
    ((committed,),) = query(place.path, "SELECT value FROM meta WHERE key = 'sealed_seed_sha256'")
    assert json.loads(committed) == commitment(secret)
    report = lab.resume("run")
    assert report.finished
    assert query(place.path, "SELECT value FROM meta WHERE key = ?", OPENED) == [(json.dumps(secret),)]


@pytest.mark.parametrize("gone", [True, False])
def test_without_it_the_sealed_test_is_not_opened(lab: Laboratory, gone: bool) -> None:
    lab.killed("run", 40, **DRAWN)
    place = open_run(lab.folder / "run").place
    known = place.sealed_seed.read_text()
    if gone:
        place.sealed_seed.unlink()
    else:
        place.sealed_seed.write_text("another")
    with pytest.raises(StorageError, match=r"sealed-seed.*put it back from a copy of the run, or start a new run"):
        lab.resume("run")
    place.sealed_seed.write_text(known)
    assert lab.resume("run").finished
