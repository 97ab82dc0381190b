"""A damaged run is mended from its journal, after a copy."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from laboratory import CommandLine, Laboratory

from burnish.agent.cli.doctor import examine
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.repair import repair
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.errors import RunLocked, StorageError
from burnish.memory.salvage import damage_of

PAGE = 4096


@pytest.fixture
def run(lab: Laboratory) -> Path:
    lab.run("run", memory={"index": "chroma"}, budget={"iterations": 2})
    return lab.folder / "run"


def whole(run: Path) -> bool:
    return {check.name: check.well for check in examine(run)}["index"] and not damage_of(run / "journal.db")


def test_of_a_whole_run_nothing_is_mended_or_copied(run: Path) -> None:
    assert repair(run) == []
    assert [path.name for path in run.parent.iterdir()] == ["run"]


@pytest.mark.parametrize("how", ["lost", "overwritten"])
def test_an_index_is_made_anew(run: Path, how: str) -> None:
    before = [e.id for e in open_run(run).memory()]
    if how == "lost":
        shutil.rmtree(run / "index")
    else:
        for file in (run / "index").rglob("*.*"):
            file.write_bytes(b"no index")
    assert not whole(run)
    first, *_, last = repair(run)
    assert first == f"copied the run to {run}.before-repair-1"
    assert last.startswith("made the index anew from the journal: ")
    assert whole(run)
    assert [e.id for e in open_run(run).memory()] == before


def test_what_a_truncated_journal_still_holds_is_saved(run: Path) -> None:
    journal = run / "journal.db"
    report = open_run(run).report()
    content = journal.read_bytes()
    journal.write_bytes(content[:-PAGE])
    assert damage_of(journal)
    done = repair(run)
    assert any("wrote the journal anew" in one and "`burnish verify" in one for one in done)
    assert whole(run)
    assert (Path(f"{run}.before-repair-1") / "journal.db").read_bytes() == content[:-PAGE]
    assert open_run(run).report().iterations == report.iterations


@pytest.mark.parametrize("seed", range(4))
def test_a_journal_with_pages_of_noise_is_read_as_far_as_it_can_be(run: Path, seed: int) -> None:
    journal, rng = run / "journal.db", random.Random(seed)
    content = bytearray(journal.read_bytes())
    page = rng.randrange(len(content) // (2 * PAGE), len(content) // PAGE)
    content[page * PAGE : (page + 1) * PAGE] = rng.randbytes(PAGE)
    journal.write_bytes(content)
    repair(run)
    assert not damage_of(journal)
    with sqlite3.connect(journal) as connection:
        assert connection.execute("SELECT COUNT(*) FROM meta").fetchone()[0]
    connection.close()


def test_what_is_no_journal_is_left_as_it_is(run: Path) -> None:
    (run / "journal.db").write_bytes(b"no journal" * 1000)
    with pytest.raises(StorageError, match="can be read"):
        repair(run)
    assert (run / "journal.db").read_bytes() == b"no journal" * 1000


def test_a_run_at_which_a_process_is_is_left_alone(run: Path) -> None:
    with RunDirectory(run).locked(), pytest.raises(RunLocked):
        repair(run)


def test_the_command_says_what_was_done(run: Path, burnish: CommandLine) -> None:
    (run / "journal.part").touch()
    told = burnish("doctor", run, "--repair")
    assert told.code == 0
    assert "Removed journal.part, which a command that was broken off had left." in told.out
    assert burnish("doctor", run, "--repair").out == "Nothing is to be mended.\n"
    assert json.loads(burnish("doctor", run, "--repair", "--json").out) == {"done": []}
    assert verify(open_run(run)).problems == ()
    assert burnish("doctor", "--repair").code == 2
