"""What leaves a run: only what may, with its papers, whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from exporting import LICENSED, exported, options, terms
from laboratory import CommandLine, Laboratory, query

from burnish.agent.exports.export import export
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError, ExportExists, StorageError
from burnish.memory.journal import Journal


def test_every_row_was_verified_and_says_by_whom(run: Run, tmp_path: Path) -> None:
    done, rows = exported(run, tmp_path)
    with run.journal() as journal:
        verified = {
            a.id for node in ("attempt", "compare", "rewrite") for _, a, f in journal.judged(node) if f.verified
        }
        known = {e.id: e for e in journal.exemplars()}
    assert 0 < len(rows) == sum(done.splits.values())
    assert any(row["provenance"]["exemplars"] != [""] for row in rows)
    for row in rows:
        papers = row["provenance"]
        assert set(papers["rows"]) <= verified
        became = list(zip(papers["rows"], papers["exemplars"], strict=True))
        assert all(known[id_].attempt_id == source for source, id_ in became if id_), "as memory calls them"
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


@pytest.mark.thorough
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
