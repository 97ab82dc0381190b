"""What leaves a run: only what may, with its papers, whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from laboratory import CommandLine, Laboratory, laboratory, query

from burnish.agent.api import Run, open_run
from burnish.agent.exports.export import Exported, export
from burnish.agent.exports.options import ExportOptions
from burnish.config import validated
from burnish.errors import ConfigError, ExportExists, StorageError

LICENSED = f"{Path(__file__).with_name('licensed_codes.py')}:LicensedCodes"

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
    plain, lines = tmp_path / "seen.txt", tmp_path / "seen.jsonl"
    plain.write_text(prompts[0].upper().replace(prompts[0].upper(), f"{prompts[0]}  \n"))
    lines.write_text(json.dumps({"conversation": [{"text": prompts[1]}]}) + "\n")
    done, left = exported(run, tmp_path, held_out=[plain, lines])
    remaining = {row["messages"][1]["content"] for row in left}
    assert remaining.isdisjoint(prompts[:2])
    assert {c.filter: c.before - c.after for c in done.counts if "seen" in c.filter} == {
        "held out: seen.txt": 1,
        "held out: seen.jsonl": 1,
    }
    lines.write_text("oops")
    with pytest.raises(ConfigError, match="is not JSONL: 'oops' is no JSON"):
        exported(run, tmp_path, held_out=[lines])
    with pytest.raises(ConfigError, match="cannot read"):
        exported(run, tmp_path, held_out=[tmp_path / "none"])


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


def test_a_full_disk_leaves_nothing(run: Run, tmp_path: Path) -> None:
    """/dev/full is a real device whose every write fails for want of room."""
    with pytest.raises(StorageError, match="cannot write"):
        export(run, Path("/dev/full/data"), options(terms=terms(tmp_path)))


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


def test_terms_are_printed(burnish: CommandLine) -> None:
    assert "LicenseRef-Llama-3" in burnish("terms", "Llama-3.1-8B").out
    assert json.loads(burnish("terms", "nobodys", "--json").out)["nobodys"]["training"] == "unknown"
    assert "smollm*" in burnish("terms").out
