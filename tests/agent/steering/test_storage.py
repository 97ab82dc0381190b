"""Changes by hand on damaged, older and half-written runs: nothing is lost, and what cannot be done is said."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from laboratory import CommandLine, Laboratory, query
from steered import halted

from burnish.agent.api import resume
from burnish.agent.api import run as start
from burnish.agent.record.memory import open_meaning, open_memory
from burnish.agent.record.run import Run, open_run
from burnish.agent.steering.carrying import export_memory, import_memory
from burnish.agent.steering.forgetting import forget, pin
from burnish.agent.steering.returning import rollback
from burnish.agent.verification.verify import verify
from burnish.errors import Interrupted, StorageError
from burnish.memory.schema import SCHEMA_VERSION

FIXTURES = Path(__file__).parents[2] / "fixtures" / "old_runs"


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "copy"))


def index_differs(run: Run) -> str | None:
    """How the vector index on disk differs from the journal."""
    with run.journal() as journal:
        memory = open_memory(run.place, run.config, journal, open_meaning(run.place, run.config))
        try:
            return memory.disagreement()
        finally:
            memory.index.close()


@pytest.fixture
def chroma(lab: Laboratory) -> Run:
    """A run with its index on disk."""
    lab.run("chroma", seed=3, memory={"index": "chroma"}, budget={"iterations": 2})
    return open_run(lab.folder / "chroma")


def test_the_index_on_disk_agrees_with_the_journal_after_each_change(chroma: Run, tmp_path: Path) -> None:
    first, second = chroma.memory()[:2]
    export_memory(chroma, tmp_path / "all.jsonl")
    for change in (
        lambda: forget(chroma, [first.id], because="wrong"),
        lambda: pin(chroma, [second.id]),
        lambda: rollback(chroma, to=1),
        lambda: import_memory(chroma, tmp_path / "all.jsonl"),
        lambda: rollback(chroma, to=2),
    ):
        change()
        assert index_differs(chroma) is None
    assert verify(chroma).problems == ()


def test_an_index_of_before_a_crash_is_mended_by_the_next_change(chroma: Run, tmp_path: Path) -> None:
    shutil.copytree(chroma.place.index, tmp_path / "before")
    forget(chroma, [chroma.memory()[0].id], because="wrong")
    shutil.rmtree(chroma.place.index)
    shutil.copytree(tmp_path / "before", chroma.place.index)
    assert index_differs(chroma) == "0 missing, 0 too many and 1 with wrong revisions"
    pin(chroma, [chroma.memory()[0].id])
    assert index_differs(chroma) is None


def test_a_link_that_a_crash_left_out_is_made_by_the_next_change(run: Run) -> None:
    pin(run, [run.memory()[0].id])
    query(run.place.path, "DELETE FROM links WHERE iteration = 4")
    pin(run, [run.memory()[1].id])
    assert verify(run).problems == ()


def test_a_change_that_a_crash_left_in_the_queue_is_made_by_the_next_or_by_resume(run: Run) -> None:
    body = '{"action": "pin", "who": "ana", "when": "2030-01-01T00:00:00+00:00", "ids": []}'
    query(run.place.path, "INSERT INTO by_hand(body, lessons) VALUES(?, '')", body)
    assert run.status().queued == 1
    assert any("1 change by hand waits" in note for note in verify(run).notes)
    resume(run.place.path)
    assert [r.number for r in run.iterations()] == [0, 1, 2, 3, 4]
    query(run.place.path, "INSERT INTO by_hand(body, lessons) VALUES(?, '')", body)
    done = pin(run, [run.memory()[0].id])
    assert done.record is not None
    assert done.record.number == 6
    assert verify(run).problems == ()


def test_before_the_first_iteration_exemplars_can_be_imported(lab: Laboratory, run: Run, tmp_path: Path) -> None:
    export_memory(run, tmp_path / "all.jsonl")

    def stop(kind: str, facts: Mapping[str, Any]) -> None:
        if kind == "plan":
            raise Interrupted("halted")

    with pytest.raises(Interrupted):
        start(lab.config(seed=5), directory=lab.folder / "new", notify=stop)
    new = open_run(lab.folder / "new")
    done = import_memory(new, tmp_path / "all.jsonl")
    assert done.steered.record is not None
    assert (done.steered.record.number, done.steered.record.memory) == (1, len(run.memory()))
    report = resume(new.place.path)
    assert [bool(r.by_hand) for r in report.iterations] == [False, True, False, False, False]
    assert verify(new).problems == ()


@pytest.mark.parametrize("spoil", ["garbage", "no journal", "no run", "no lock"])
def test_a_run_that_cannot_be_used_is_refused_in_a_sentence(run: Run, spoil: str, burnish: CommandLine) -> None:
    place, one = run.place.path, run.memory()[0].id
    match spoil:
        case "garbage":
            run.place.journal.write_bytes(b"not a journal at all" * 100)
        case "no journal":
            run.place.journal.unlink()
        case "no run":
            shutil.rmtree(place)
        case "no lock":
            (place / "lock").unlink()
            (place / "lock").mkdir()
    for command in (("forget", place, one, "--because", "x"), ("rollback", place, "--to", 1), ("pin", place, one)):
        done = burnish(*command)
        assert done.code == 6, done.err
        assert done.err.startswith("burnish: ")
        assert done.err.count("\n") == 1


def test_a_run_that_has_not_begun_cannot_be_changed(lab: Laboratory, run: Run) -> None:
    new = lab.folder / "new"
    shutil.copytree(run.place.path, new)
    for table in ("iterations", "links", "exemplars"):
        query(new, f"DELETE FROM {table}")
    with pytest.raises(StorageError, match="has not begun yet"):
        rollback(open_run(new), to=0)


@pytest.mark.parametrize("schema", [6])
def test_a_finished_run_of_the_schema_before_is_changed_and_holds(run: Run, schema: int) -> None:
    """Schema 7 added the changes by hand."""
    before, head = run.report(), run.report().head
    query(run.place.path, "DROP TABLE by_hand")
    query(run.place.path, "UPDATE meta SET value = ? WHERE key = 'schema'", str(schema))
    query(run.place.path, "DELETE FROM links")  # the first link has the schema
    resume(run.place.path)
    with run.journal() as journal:
        assert (journal.version, journal.begun, journal.is_current) == (SCHEMA_VERSION, schema, True)
    assert run.report().iterations == before.iterations
    assert run.report().head != head
    assert verify(run).problems == ()
    forget(run, [run.memory()[0].id], because="wrong")
    assert verify(run).problems == ()


def test_a_finished_run_of_an_older_version_is_changed_and_holds_as_far_as_it_can_be_told(tmp_path: Path) -> None:
    with tarfile.open(FIXTURES / "labels.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    run = open_run(tmp_path / "labels")
    before, last = run.memory(), run.iterations()[-1].number
    forget(run, [before[0].id], because="wrong", who="ana")
    assert len(run.memory()) == len(before) - 1
    assert len(run.memory(last)) == len(before)
    rollback(run, to=1, who="ana")
    result = verify(run)
    assert result.problems == ()
    assert not result.again
    query(run.place.path, "UPDATE by_hand SET body = json_set(body, '$.who', 'bob')")
    assert any("nobody asked for" in problem for problem in verify(run).problems)


def test_with_an_older_head_later_changes_by_hand_are_told(run: Run, lab: Laboratory) -> None:
    head = run.report().head
    pin(run, [run.memory()[0].id], who="ana")
    result = verify(run, head=head)
    assert result.holds
    assert any("since that head" in note and "iteration 4" in note for note in result.notes)
    assert not [note for note in verify(run).notes if "since that head" in note]
    other = halted(lab, 2)
    assert verify(other).notes == ()
