"""What leaves a run: only what may, with its papers, whole or not at all."""

from __future__ import annotations

import inspect
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from codes import Codes
from laboratory import CommandLine, Laboratory, laboratory, query

from burnish.agent.api import Run, open_run
from burnish.agent.cli import app
from burnish.agent.directory import RunDirectory
from burnish.agent.exports.export import Exported, export
from burnish.agent.exports.options import ExportOptions
from burnish.config import validated
from burnish.errors import ConfigError, ExportExists, StorageError
from burnish.memory.journal import Journal

LICENSED = f"{Path(__file__).with_name('licensed_codes.py')}:LicensedCodes"


class LicensedCodes(Codes):
    """A live object, on terms."""

    licence = "CC0-1.0"
    provenance = "Made up for the tests."


MINE = '[[model]]\nmatch = "scripted"\nlicence = "MIT"\ntraining = "{}"\nsharing = "{}"\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("made")) as lab:
        lab.run("run", environment=LICENSED)
        yield lab


@pytest.fixture
def run(made: Laboratory) -> Run:
    return open_run(made.folder / "run")


def terms(tmp_path: Path, training: str = "yes", sharing: str = "yes") -> Path:
    path = tmp_path / f"{training}-{sharing}.toml"
    path.write_text(MINE.format(training, sharing))
    return path


def options(**given: Any) -> ExportOptions:
    return validated(ExportOptions, given, "test")


def exported(run: Run, tmp_path: Path, **given: Any) -> tuple[Exported, list[dict[str, Any]]]:
    given.setdefault("terms", terms(tmp_path))
    out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    done = export(run, out, options(**given))
    lines = [line for name in done.splits for line in (out / f"{name}.jsonl").read_text().splitlines()]
    return done, [json.loads(line) for line in lines]


def test_every_row_was_verified_and_says_by_whom(run: Run, tmp_path: Path) -> None:
    done, rows = exported(run, tmp_path)
    with run.journal() as journal:
        verified = {a.id for node in ("attempt", "rewrite") for _, a, f in journal.judged(node) if f.verified}
    assert 0 < len(rows) == sum(done.splits.values())
    for row in rows:
        papers = row["provenance"]
        assert set(papers["rows"]) <= verified
        assert papers["verified_by"] == "licensed codes"
        assert papers["models"] == ["scripted"]
        assert papers["licence"] == "CC0-1.0"
        assert papers["training"] == "yes"
        assert papers["level"] == 6
        assert papers["origin"] == "attempt"


def test_nothing_of_validation_or_the_sealed_test_leaves(run: Run, tmp_path: Path) -> None:
    with run.journal() as journal:
        tasks = journal.tasks()
    for form in ("sft", "kto", "prompts"):
        _, rows = exported(run, tmp_path, format=form)
        assert {tasks[row["provenance"]["task"]].split for row in rows} == {"train"}


def test_the_counts_add_up(run: Run, tmp_path: Path) -> None:
    done, rows = exported(run, tmp_path)
    for count in done.counts:
        assert count.before - count.after == sum(count.taken.values())
    for earlier, later in zip(done.counts, done.counts[1:], strict=False):
        assert earlier.after == later.before
    assert done.counts[-1].after == len(rows)


@pytest.mark.parametrize("form", ["dpo", "kto", "prompts"])
def test_the_counts_end_at_the_rows_that_are_in_records(run: Run, tmp_path: Path, form: str) -> None:
    done, rows = exported(run, tmp_path, format=form)
    assert done.counts[-1].after == len({row for record in rows for row in record["provenance"]["rows"]})


def test_answers_without_labels_of_their_steps_are_said_to_be_so(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing is left to export as steps: .* × its steps have no labels"):
        exported(run, tmp_path, format="steps")


def test_a_run_twice_exported_is_the_same_to_the_byte(run: Run, tmp_path: Path) -> None:
    first, _ = exported(run, tmp_path)
    again, _ = exported(run, tmp_path)
    assert first.files == again.files


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


def commands_on_runs(run: Path, out: Path) -> Iterator[list[object]]:
    """Every command that takes a run, with the least it needs."""
    for command in app.registered_commands:
        assert command.callback
        parameters = inspect.signature(command.callback).parameters
        if "run" in parameters:
            name = command.name or command.callback.__name__
            compared = [0, 1] if {"a", "b"} <= set(parameters) else []
            yield [name, run, *compared, *(["--out", out] if "out" in parameters else [])]


def test_by_no_command_does_a_row_leave_a_run_whose_terms_forbid_it(
    run: Run, tmp_path: Path, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(run.place.path, tmp_path / "runs" / "run")
    query(copy, "UPDATE attempts SET body = json_set(body, '$.model', 'llama-2-7b')")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    done = {str(arguments[0]): burnish(*arguments) for arguments in commands_on_runs(copy, tmp_path / "here" / "out")}
    assert {"export", "memory", "report", "resume", "diff"} <= set(done)
    assert "outputs of llama-2-7b may not train other models" in done["export"].err
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


def test_a_text_of_a_named_file_is_held_out(run: Run, tmp_path: Path) -> None:
    _, rows = exported(run, tmp_path)
    prompts = [row["messages"][1]["content"] for row in rows]
    plain, lines, whole = tmp_path / "seen.txt", tmp_path / "seen.jsonl", tmp_path / "seen.json"
    plain.write_text(f"\ufeff{prompts[0]}  \n", encoding="utf-8")
    lines.write_text(json.dumps({"conversation": [{"text": prompts[1]}]}) + "\n")
    whole.write_text(json.dumps([[prompts[2]], 3], indent=2))
    done, left = exported(run, tmp_path, held_out=[plain, lines, whole])
    remaining = {row["messages"][1]["content"] for row in left}
    assert remaining.isdisjoint(prompts[:3])
    taken = {c.filter: dict(c.taken) for c in done.counts if "seen" in c.filter}
    for file in (plain, lines, whole):
        assert taken[f"held out: {file.name}"][f"equal to a text of {file.name}"] == 1


def test_a_task_nearly_the_same_as_a_held_out_text_goes_and_a_short_answer_in_it_tells_nothing(
    run: Run, tmp_path: Path
) -> None:
    _, rows = exported(run, tmp_path, words=0.5)
    _, question, answer = (message["content"] for message in rows[0]["messages"])
    near = tmp_path / "near.txt"
    near.write_text(f"Please: {question}")
    _, left = exported(run, tmp_path, words=0.5, held_out=[near])
    assert question not in {row["messages"][1]["content"] for row in left}
    near.write_text(answer)
    _, left = exported(run, tmp_path, words=1, meaning=1, held_out=[near])
    assert question in {row["messages"][1]["content"] for row in left}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.jsonl", b'{"a": 1}\noops', "bad.jsonl is not JSONL: 'oops' is no JSON"),
        ("bad.json", b"[1,", "bad.json is not JSON: "),
        ("deep.json", b"[" * 100_000, "deep.json is not JSON: "),
        ("latin.txt", "Stra\u00dfe".encode("latin-1"), "give a file of texts in UTF-8"),
        ("", b"", "cannot read"),
    ],
)
def test_a_file_that_is_no_file_of_texts_is_named(
    run: Run, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(message)):
        exported(run, tmp_path, held_out=[tmp_path / (name or "none.txt")])


def test_families_are_never_torn_apart(run: Run, tmp_path: Path) -> None:
    for families, key in (("task", "task"), ("cell", "cell")):
        out = tmp_path / families
        export(run, out, options(terms=terms(tmp_path), families=families, format="kto", validation=0.3))
        held, kept = (
            {json.loads(line)["provenance"][key] for line in (out / f"{split}.jsonl").read_text().splitlines()}
            for split in ("validation", "train")
        )
        assert held
        assert kept
        assert held.isdisjoint(kept)


def test_balance_leaves_as_many_tasks_of_each_cell(run: Run, tmp_path: Path) -> None:
    _, rows = exported(run, tmp_path, balance=True, words=1, meaning=1)
    tasks: dict[str, set[str]] = {}
    for row in rows:
        tasks.setdefault(row["provenance"]["cell"], set()).add(row["provenance"]["task"])
    assert len(tasks) > 1
    assert len({len(of) for of in tasks.values()}) == 1


def test_the_card_names_what_is_needed(run: Run, tmp_path: Path) -> None:
    done, rows = exported(run, tmp_path)
    card = (Path(done.folder) / "README.md").read_text()
    for said in ("scripted", "MIT", "CC0-1.0", "not verified", "Vendi score", "burnish export", "SHA-256", "improved"):
        assert said in card
    written = json.loads((Path(done.folder) / "card.json").read_text())
    assert sum(written["splits"].values()) == len(rows)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in written["files"].values())
    assert (Path(done.folder) / "run.toml").read_text() == run.config.to_toml()


def test_an_interrupted_run_exports_what_it_has(made: Laboratory, tmp_path: Path) -> None:
    made.killed("killed", 100, environment=LICENSED)
    run = open_run(made.folder / "killed")
    with run.journal() as journal:
        assert journal.sealed() is None
    done, rows = exported(run, tmp_path)
    assert rows
    assert "not opened yet" in (Path(done.folder) / "README.md").read_text()


def test_what_exists_is_left_alone(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    export(run, out, options(terms=terms(tmp_path)))
    before = (out / "train.jsonl").read_bytes()
    with pytest.raises(ExportExists, match="exists already; give another --out"):
        export(run, out, options(terms=terms(tmp_path)))
    assert (out / "train.jsonl").read_bytes() == before
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ExportExists):
        export(run, file, options(terms=terms(tmp_path)))
    assert file.read_text() == "mine"


def test_where_no_folder_can_be_nothing_is_left(run: Run, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        export(run, Path("/dev/full/data"), options(terms=terms(tmp_path)))


def test_a_run_that_has_not_begun_has_nothing(made: Laboratory, tmp_path: Path) -> None:
    place = RunDirectory(tmp_path / "new")
    place.create(made.config(environment=LICENSED))
    Journal.open(place.journal).close()
    with pytest.raises(StorageError, match="the run has not begun yet"):
        export(open_run(place.path), tmp_path / "out", options(terms=terms(tmp_path)))


def test_a_run_without_rows_says_so(made: Laboratory, tmp_path: Path) -> None:
    copy = shutil.copytree(made.folder / "run", tmp_path / "copy")
    query(copy, "DELETE FROM attempts")
    with pytest.raises(ConfigError, match="nothing is left to export as kto: the run holds nothing of that kind"):
        exported(open_run(copy), tmp_path, format="kto")


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
        copy, "INSERT INTO calls VALUES('k', 0, 1, 'rewrite', 'reflector', 'done', 0, 0, 0, 0, 0, 0, 0, ?)", reflected
    )
    changed = open_run(copy)
    if changed.program().prompt.id == changed.program(0).prompt.id:
        program = changed.program()
        mended = replace(program, prompt=program.prompt.with_section("style", "Be brief.", "reflection"))
        query(copy, "INSERT INTO programs VALUES(?, ?)", mended.id, json.dumps(mended.to_json()))
        query(
            copy,
            "UPDATE iterations SET body = json_set(body, '$.champion_id', ?)"
            " WHERE number = (SELECT MAX(number) FROM iterations)",
            mended.id,
        )
    exported(changed, tmp_path, system="seed")
    with pytest.raises(ConfigError, match="outputs of gpt-4o may train no model that competes"):
        exported(changed, tmp_path, system="champion")
    _, rows = exported(changed, tmp_path, system="champion", purpose="evaluate")
    assert rows[0]["provenance"]["models"] == ["scripted", "gpt-4o"]


def test_the_tag_says_how_a_row_came_about(run: Run, tmp_path: Path) -> None:
    _, rows = exported(run, tmp_path, tag=True)
    assert all(row["messages"][0]["content"].endswith("\n\norigin: attempt") for row in rows)
    _, rows = exported(run, tmp_path, tag=True, system="none")
    assert all(row["messages"][0]["content"] == "origin: attempt" for row in rows)


def test_the_command_says_what_it_took(run: Run, tmp_path: Path, burnish: CommandLine) -> None:
    out = tmp_path / "data"
    done = burnish("export", run.place.path, "--out", out, "--terms", terms(tmp_path), "--format", "kto")
    assert (done.code, done.err) == (0, "")
    assert "Wrote" in done.out
    again = burnish("export", run.place.path, "--out", tmp_path / "b", "--terms", terms(tmp_path), "--json")
    assert json.loads(again.out)["splits"]["train"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "sftt"], "format = 'sftt' is not known; did you mean \"sft\"?"),
        (["--purpose", "sell"], "purpose = 'sell' is not known; known are evaluate, share, train"),
        (["--to", "csv"], "to = 'csv' is not known"),
        (["--families", "kin"], "families = 'kin' is not known"),
        (["--system", "mine"], "system = 'mine' is not known"),
    ],
)
def test_bad_options_are_named(run: Run, burnish: CommandLine, tmp_path: Path, arguments: Any, message: str) -> None:
    done = burnish("export", run.place.path, "--out", tmp_path / "data", *arguments)
    assert done.code == 2
    assert message in done.err


def test_terms_are_printed(burnish: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    one = burnish("terms", "Llama-3.1-8B", "nobodys").out
    for said in ("LicenseRef-Llama-3", 'with "Llama"', "github.com/meta-llama", "nothing is known of it"):
        assert said in one
    assert json.loads(burnish("terms", "nobodys", "--json").out)["nobodys"]["training"] == "unknown"
    everything = burnish("terms").out
    assert "smollm*" in everything
    assert max(map(len, everything.splitlines())) <= 80
