"""A fork begins where an iteration of its parent ended, and is a run of its own from there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from codes import Codes
from laboratory import CommandLine, Laboratory, query

from burnish.agent.api import resume
from burnish.agent.record.run import Run, open_run
from burnish.agent.record.seeds import secret_of
from burnish.agent.steering.forgetting import forget
from burnish.agent.steering.forking import fork
from burnish.agent.steering.returning import rollback
from burnish.agent.verification.verify import verify
from burnish.errors import BurnishError, ConfigError, RunExists, StorageError


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "copy"))


def said(run: Run, at: int | None = None) -> set[tuple[str, str]]:
    return {(exemplar.lesson, exemplar.answer) for exemplar in run.memory(at)}


def test_a_fork_begins_with_program_and_memory_of_then(run: Run, tmp_path: Path) -> None:
    made = fork(run, at=2, directory=tmp_path / "fork", because="less data", who="ana", budget={"iterations": 1})
    report = resume(tmp_path / "fork")
    forked = open_run(tmp_path / "fork")
    assert said(forked, 0) == said(run, 2)
    then, now = run.program(2), forked.program(0)
    assert (now.prompt.sections, now.retrieval, now.decoding) == (then.prompt.sections, then.retrieval, then.decoding)
    assert report.finished
    assert len(report.iterations) == 2
    assert report.started_from.startswith(f"iteration 2 of run copy (chain of hashes {made.parent.head})")
    assert "forked by ana" in report.started_from
    assert report.started_from.endswith(": less data")
    assert verify(forked).problems == ()


def test_a_fork_has_tasks_and_a_sealed_test_of_its_own(run: Run, tmp_path: Path) -> None:
    fork(run, at=2, directory=tmp_path / "fork")
    forked = open_run(tmp_path / "fork")
    assert forked.config.seed != run.config.seed
    assert run.config.sealed.seed == 0
    assert forked.config.sealed.seed is None
    with run.journal() as one, forked.journal() as other:
        assert secret_of(run.place, run.config, one) != secret_of(forked.place, forked.config, other)
    assert forked.config.budget == run.config.budget
    changes = ["sampling.tasks=9", "sealed.tasks=30"]
    own = fork(run, at=2, directory=tmp_path / "own", seed=7, budget={"calls": 300}, overrides=changes)
    config = open_run(tmp_path / "own").config
    assert (config.sampling.tasks, config.sealed.tasks, config.sampling.samples) == (9, 30, run.config.sampling.samples)
    assert (own.seed, open_run(tmp_path / "own").config.budget.calls) == (7, 300)


def test_what_the_parents_champion_does_not_show_a_fork_does_not_either(run: Run, tmp_path: Path) -> None:
    """Memory does not follow here, so that forgetting leaves the champion with part of an older memory."""
    with run.journal() as journal:
        champion = journal.champion(3)
    gone = run.memory()[0]
    dropped = {**champion.to_json(), "dropped": [gone.id]}
    other = type(champion).from_json(dropped)
    query(run.place.path, "INSERT INTO programs VALUES(?, 3, ?)", other.id, json.dumps(other.to_json()))
    query(run.place.path, "UPDATE iterations SET champion = ? WHERE number = 3", other.id)
    made = fork(run, at=3, directory=tmp_path / "fork", budget={"iterations": 1})
    assert len(made.parent.dropped) == 1
    resume(tmp_path / "fork")
    forked = open_run(tmp_path / "fork")
    assert said(forked, 0) == said(run, 3)
    assert said(run, 3) - {(e.lesson, e.answer) for e in forked.shown(0)} == {(gone.lesson, gone.answer)}
    assert verify(forked).problems == ()


def test_what_was_forgotten_is_not_taken_along(run: Run, tmp_path: Path) -> None:
    gone = run.memory(2)[0]
    forget(run, [gone.id], because="private")
    made = fork(run, at=2, directory=tmp_path / "fork")
    assert made.without == (gone.id,)
    assert gone.answer not in (tmp_path / "fork" / "parent.toml").read_text()


def test_the_origin_of_a_fork_is_in_its_chain(run: Run, tmp_path: Path) -> None:
    fork(run, at=1, directory=tmp_path / "fork", budget={"iterations": 1})
    resume(tmp_path / "fork")
    forked = open_run(tmp_path / "fork")
    assert verify(forked).holds
    query(forked.place.path, "UPDATE meta SET value = json_set(value, '$.who', 'bob') WHERE key = 'parent'")
    assert any("the rows of iteration 0" in problem for problem in verify(forked).problems)


def test_a_fork_can_be_forked_and_steered(run: Run, tmp_path: Path) -> None:
    fork(run, at=1, directory=tmp_path / "one", budget={"iterations": 1})
    resume(tmp_path / "one")
    one = open_run(tmp_path / "one")
    rollback(one, to=0)
    assert verify(one).problems == ()
    fork(one, at=2, directory=tmp_path / "two", budget={"iterations": 1})
    resume(tmp_path / "two")
    assert said(open_run(tmp_path / "two"), 0) == said(run, 1)


def test_what_cannot_be_forked_is_refused_in_a_sentence_and_leaves_nothing(
    run: Run, tmp_path: Path, burnish: CommandLine
) -> None:
    new = tmp_path / "fork"
    with pytest.raises(ConfigError, match="there is no iteration 9; this run has 0 to 3"):
        fork(run, at=9, directory=new)
    with pytest.raises(RunExists, match="already holds a run"):
        fork(run, at=1, directory=run.place.path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="is not empty"):
        fork(run, at=1, directory=tmp_path / "full")
    with pytest.raises(BurnishError, match=r"budget\.calls"):
        fork(run, at=1, directory=new, budget={"calls": -3})
    with pytest.raises(ConfigError, match="a fork takes retrieval from the program"):
        fork(run, at=1, directory=new, overrides=["retrieval.k=2"])
    with pytest.raises(ConfigError, match="polices"):
        fork(run, at=1, directory=new, overrides=["polices.guard.patience=2"])
    assert not new.exists()
    done = burnish("fork", run.place.path, "--at", 2, "--dir", new, "--budget-calls", 200)
    assert done.code == 0, done.err
    assert f"`burnish resume {new}` starts it" in done.out
    waiting = burnish("status", new)
    assert f"`burnish resume {new}` starts it" in waiting.err


def test_a_run_on_a_live_environment_is_forked_with_that(lab: Laboratory) -> None:
    lab.run_with("live", Codes(), seed=3, budget={"iterations": 1})
    run = open_run(lab.folder / "live")
    with pytest.raises(ConfigError, match="was an object in Python"):
        fork(run, at=1, directory=lab.folder / "fork")
    fork(run, at=1, directory=lab.folder / "fork", environment=Codes())
    assert resume(lab.folder / "fork", environment=Codes()).live
