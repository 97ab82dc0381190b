"""Runs and a program file that an earlier version made (0.1.0, schema 4) open, verify, export and go on."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from laboratory import CommandLine, query

from burnish import load_program, open_run, resume
from burnish.agent.exports.export import export
from burnish.agent.exports.options import ExportOptions
from burnish.agent.models.scripted import ScriptedServer

FIXTURES = Path(__file__).parents[2] / "fixtures" / "old_runs"


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The directory of the run that the test names."""
    with tarfile.open(FIXTURES / f"{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / str(request.param)


def guessed(body: Mapping[str, Any]) -> str:
    """One of the labels, by chance, and never the same for two requests by design."""
    asked = repr((body["messages"], body.get("seed")))
    return ("positive", "negative", "sports", "3")[hashlib.sha256(asked.encode()).digest()[0] % 4]


@pytest.mark.parametrize("run", ["labels", "episodes"], indirect=True)
def test_a_finished_run_opens_and_verifies(run: Path, burnish: CommandLine) -> None:
    opened = open_run(run)
    report = opened.report()
    assert report.finished
    assert report.version
    assert len(opened.memory()) == report.iterations[-1].memory > 0
    assert opened.memory(at=0) == []
    verified = burnish("verify", run)
    assert verified.code == 0, verified.out
    for command in (("report", run), ("memory", run), ("diff", run, 0, 2), ("status", run)):
        shown = burnish(*command)
        assert shown.code == 0, shown.err


@pytest.mark.parametrize("run", ["labels"], indirect=True)
def test_a_finished_run_is_exported(run: Path, tmp_path: Path) -> None:
    made = export(open_run(run), tmp_path / "data", ExportOptions(purpose="evaluate"))
    assert sum(made.splits.values()) > 0


@pytest.mark.parametrize("run", ["labels"], indirect=True)
def test_a_program_file_is_read_and_says_the_same_when_it_is_written_anew(
    run: Path, tmp_path: Path, burnish: CommandLine
) -> None:
    known = load_program(FIXTURES / "program.toml")
    assert len(known.exemplars) == 6
    assert burnish("program", run, "--out", tmp_path / "again.toml").code == 0
    again = load_program(tmp_path / "again.toml")
    today = [exemplar.model_copy(update={"id": exemplar.mark, "mark": ""}) for exemplar in again.exemplars]
    assert again.model_copy(update={"exemplars": tuple(today)}).content_hash == known.content_hash
    assert {exemplar.id for exemplar in again.exemplars} <= {exemplar.id for exemplar in open_run(run).memory()}


@pytest.mark.parametrize("run", ["interrupted"], indirect=True)
def test_an_interrupted_run_goes_on(run: Path, burnish: CommandLine) -> None:
    before = open_run(run)
    assert not before.report().finished
    known = before.iterations()
    with ScriptedServer(guessed) as server:
        config = run / "run.toml"
        lines = [
            f'url = "{server.base_url}"' if line.startswith('url = "http') else line
            for line in config.read_text(encoding="utf-8").splitlines()
        ]
        config.write_text("\n".join(lines), encoding="utf-8")
        report = resume(run)
    assert report.finished
    assert list(report.iterations[: len(known)]) == known
    assert report.iterations[-1].number == 2
    assert burnish("verify", run).code == 0


@pytest.mark.parametrize("run", ["labels"], indirect=True)
@pytest.mark.parametrize("schema", [2, 3])
def test_still_older_tables_become_those_of_today(run: Path, schema: int, burnish: CommandLine) -> None:
    """Schema 4 added what people are asked; schema 3 changed no table."""
    before = open_run(run).report()
    for table in ("questions", "decisions"):
        query(run, f"DROP TABLE {table}")
    query(run, "UPDATE meta SET value = ? WHERE key = 'schema'", str(schema))
    opened = open_run(run)
    assert opened.report() == before
    with opened.journal() as journal:
        assert (journal.version, journal.begun, journal.is_current) == (schema, schema, False)
        assert not journal.questions()
        assert not journal.decisions()
        assert not journal.applicants()
        assert not journal.deaths()
    assert burnish("verify", run).code == 0


@pytest.mark.parametrize("run", ["labels"], indirect=True)
def test_a_version_before_those_is_refused_in_a_sentence(run: Path, burnish: CommandLine) -> None:
    query(run, "UPDATE meta SET value = '1' WHERE key = 'schema'")
    refused = burnish("report", run)
    assert refused.code == 6
    assert "was written by an older version of Burnish (schema 1, this one reads 2 to 7)" in refused.err


@pytest.mark.parametrize("run", ["labels"], indirect=True)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE meta SET value = json_set(value, '$.arms.champion.passes', 59) WHERE key = 'sealed'", "sealed test"),
        (
            "UPDATE iterations SET body = json_set(body, '$.gates[0].challenger_score', 0.99)"
            " WHERE json_array_length(body, '$.gates') > 0",
            "the scores of challenger",
        ),
        ("UPDATE iterations SET body = json_set(body, '$.verified', 99) WHERE number = 1", "says 99 of"),
        ("UPDATE verdicts SET body = json_set(body, '$.verified', json('true'), '$.reward', 1.0)", "is now"),
    ],
)
def test_what_was_changed_in_an_older_run_is_found_as_far_as_it_can_be(
    run: Path, change: str, said: str, burnish: CommandLine
) -> None:
    query(run, change)
    (run / "report.json").unlink()
    found = burnish("verify", run)
    assert found.code == 8
    assert said in " ".join(found.out.split())


@pytest.mark.parametrize("run", ["labels"], indirect=True)
def test_an_older_journal_on_a_read_only_disk_is_read_and_stays_as_it_is(run: Path) -> None:
    bytes_ = (run / "journal.db").read_bytes()
    assert open_run(run).report().finished
    assert (run / "journal.db").read_bytes() == bytes_
