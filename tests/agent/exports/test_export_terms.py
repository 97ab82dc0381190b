"""What the terms of models and tasks forbid leaves no run, by whatever way."""

from __future__ import annotations

import inspect
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exporting import exported, options, terms
from laboratory import CommandLine, Laboratory, query
from licensed_codes import LicensedCodes

from burnish.agent.cli.main import app
from burnish.agent.cli.steer import memory_app
from burnish.agent.exports.export import export
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError


@pytest.mark.parametrize(
    ("purpose", "training", "sharing", "reason"),
    [
        ("train", "unknown", "yes", "it is not known whether outputs of scripted may train"),
        ("train", "no", "yes", "outputs of scripted may not train"),
        ("train", "not-competing", "yes", "may train no model that competes"),
        ("share", "yes", "unknown", "it is not known whether outputs of scripted may be shared"),
        ("share", "yes", "no", "outputs of scripted may not be shared"),
    ],
)
def test_what_the_terms_forbid_never_leaves(
    run: Run, tmp_path: Path, purpose: str, training: str, sharing: str, reason: str
) -> None:
    for form in ("sft", "sharegpt", "chatml", "dpo", "kto"):
        with pytest.raises(ConfigError, match=f"nothing is left to export as {form}: of .* {reason}"):
            exported(run, tmp_path, format=form, purpose=purpose, terms=terms(tmp_path, training, sharing))
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".toml"]


SERVERS = {"serve"}
"""Commands that go on until they are stopped."""


def commands_on_runs(run: Path, out: Path) -> Iterator[list[object]]:
    """Every command that takes a run, with the least it needs; what it writes is for training."""
    of_memory = {command.name: command for command in memory_app.registered_commands}
    for command in (*app.registered_commands, *of_memory.values()):
        assert command.callback
        parameters = inspect.signature(command.callback).parameters
        if "run" in parameters and command.callback.__name__ not in SERVERS:
            name = command.name or command.callback.__name__
            group = ["memory"] if of_memory.get(name) is command else []
            file = [out] if "file" in parameters else []
            compared = [0, 1] if {"a", "b"} <= set(parameters) else []
            purpose = ["--purpose", "train"] if "purpose" in parameters else []
            yield [*group, name, run, *file, *compared, *(["--out", out] if "out" in parameters else []), *purpose]


def test_by_no_command_does_a_row_leave_a_run_whose_terms_forbid_it(
    run: Run, tmp_path: Path, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(run.place.path, tmp_path / "runs" / "run")
    for table in ("attempts", "exemplars"):
        query(copy, f"UPDATE {table} SET body = json_set(body, '$.model', 'llama-2-7b')")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    every = commands_on_runs(copy, tmp_path / "here" / "out")
    done = {" ".join(map(str, arguments[: arguments.index(copy)])): burnish(*arguments) for arguments in every}
    assert {"export", "program", "train", "memory list", "memory export", "report", "resume", "diff"} <= set(done)
    for command in ("export", "program", "memory export"):
        assert "outputs of llama-2-7b may not train other models" in done[command].err
    assert list((tmp_path / "here").iterdir()) == []
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run"]


def test_a_model_without_terms_is_refused_and_serves_evaluation(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is not known whether outputs of scripted may train"):
        exported(run, tmp_path, terms=None)
    done, _ = exported(run, tmp_path, terms=None, purpose="evaluate")
    assert done.splits["train"]


def test_prompts_are_on_the_terms_of_the_tasks_alone(run: Run, tmp_path: Path) -> None:
    _, rows = exported(run, tmp_path, format="prompts", terms=None)
    assert all(row["provenance"]["models"] == [] for row in rows)


def test_of_two_generators_only_the_allowed_ones_rows_leave(run: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(run.place.path, tmp_path / "copy")
    query(copy, "UPDATE attempts SET body = json_set(body, '$.model', 'gpt-4o') WHERE place % 2 = 0")
    mixed = open_run(copy)
    done, rows = exported(mixed, tmp_path)
    assert {m for row in rows for m in row["provenance"]["models"]} == {"scripted"}
    assert re.search("outputs of gpt-4o may train no model that competes", str(done.counts[0].taken))
    done, rows = exported(mixed, tmp_path, competing=False)
    assert {m for row in rows for m in row["provenance"]["models"]} == {"scripted", "gpt-4o"}
    assert "none that competes" in (Path(done.folder) / "README.md").read_text()
    card = json.loads((Path(done.folder) / "card.json").read_text())
    assert card["training"] == "not-competing"


def test_tasks_of_unknown_licence_are_not_trained_on(made: Laboratory, tmp_path: Path) -> None:
    made.run("unlicensed")
    with pytest.raises(ConfigError, match="the tasks have no known licence"):
        exported(open_run(made.folder / "unlicensed"), tmp_path)


def test_a_run_on_a_live_object_is_exported_without_it_on_the_terms_it_had(made: Laboratory, tmp_path: Path) -> None:
    made.run_with("live", LicensedCodes())
    _, rows = exported(open_run(made.folder / "live"), tmp_path)
    assert {row["provenance"]["licence"] for row in rows} == {"CC0-1.0"}
    copy = shutil.copytree(made.folder / "live", tmp_path / "copy")
    query(copy, "DELETE FROM meta WHERE key = 'sealed'")
    with pytest.raises(ConfigError, match="the sealed test of this run is not open yet"):
        exported(open_run(copy), tmp_path)
    done = export(open_run(copy), tmp_path / "out", options(terms=terms(tmp_path)), environment=LicensedCodes())
    assert done.splits["train"]


def test_an_instruction_that_a_reflector_wrote_is_on_its_terms(made: Laboratory, run: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(run.place.path, tmp_path / "copy")
    reflected = '{"text": "", "model": "gpt-4o", "usage": {}}'
    query(
        copy,
        "INSERT INTO calls VALUES('k', 0, 1, 'rewrite', 'reflector', 'done', 0, 0, 0, 0, 0, 0, 0, ?, 0)",
        reflected,
    )
    changed = open_run(copy)
    if changed.program().prompt.id == changed.program(0).prompt.id:
        program = changed.program()
        mended = replace(program, prompt=program.prompt.with_section("style", "Be brief.", "reflection"))
        query(copy, "INSERT INTO programs VALUES(?, 1, ?)", mended.id, json.dumps(mended.to_json()))
        query(
            copy,
            "UPDATE iterations SET champion = ?1, body = json_set(body, '$.champion_id', ?1)"
            " WHERE number = (SELECT MAX(number) FROM iterations)",
            mended.id,
        )
    exported(changed, tmp_path, system="seed")
    with pytest.raises(ConfigError, match="outputs of gpt-4o may train no model that competes"):
        exported(changed, tmp_path, system="champion")
    _, rows = exported(changed, tmp_path, system="champion", purpose="evaluate")
    assert rows[0]["provenance"]["models"] == ["scripted", "gpt-4o"]


def test_terms_are_printed(burnish: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    one = burnish("terms", "Llama-3.1-8B", "nobodys").out
    for said in ("LicenseRef-Llama-3", 'with "Llama"', "github.com/meta-llama", "nothing is known of it"):
        assert said in one
    assert json.loads(burnish("terms", "nobodys", "--json").out)["nobodys"]["training"] == "unknown"
    everything = burnish("terms").out
    assert "smollm*" in everything
    assert max(map(len, everything.splitlines())) <= 80
