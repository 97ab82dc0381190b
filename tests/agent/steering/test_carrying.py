"""Exemplars go from one run to another with their papers, and come in only by its environment and its policy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from codes import code_of
from laboratory import Body, CommandLine, Laboratory, chance, is_rating, is_reflection, laboratory
from stairs import right_action
from steered import halted

from burnish.agent.api import resume
from burnish.agent.record.run import Run, open_run
from burnish.agent.steering.carrying import Imported, export_memory, import_memory
from burnish.agent.steering.forgetting import forget
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError, ExportExists, StorageError
from burnish.types import Task, split_of


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "copy"))


@pytest.fixture(scope="module")
def file(learned: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What another run remembers."""
    other = Laboratory(tmp_path_factory.mktemp("other"), learned.model, learned.url)
    other.run("other", seed=5)
    path = other.folder / "other.jsonl"
    export_memory(open_run(other.folder / "other"), path, who="ana")
    return path


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def rewritten(file: Path, path: Path, change: Callable[[list[dict[str, Any]]], object]) -> Path:
    """A copy of a file with something in it changed."""
    rows = lines(file)
    change(rows)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_each_line_has_its_papers(file: Path) -> None:
    for row in lines(file):
        assert (row["run"], row["environment"], row["who"], row["model"]) == ("other", "codes", "ana", "scripted")
        assert row["id"]
        assert row["training"] == "unknown", "the terms of a model that nobody knows"
        assert len(row["head"]) == 64
        assert row["answer"] == code_of(row["prompt"])


def test_what_comes_in_is_judged_again_and_says_where_it_is_from(run: Run, file: Path, burnish: CommandLine) -> None:
    before = len(run.memory())
    done = import_memory(run, file, who="eve", because="they did well")
    assert done.steered.record is not None
    assert (done.exemplars, done.refused, done.steered.record.admitted) == (len(lines(file)), (), len(lines(file)))
    new = [one for one in run.memory() if one.born == 4]
    assert len(run.memory()) == before + len(new)
    assert all(one.reason.startswith("imported by eve: they did well: ") and one.model == "scripted" for one in new)
    assert {one.id for one in new} <= {one.id for one in run.shown()}
    why = burnish("why", run.place.path, new[0].id)
    assert "It is the answer of scripted in another run" in why.out
    assert verify(run).problems == ()


def test_what_is_refused_is_listed_with_the_reason(run: Run, file: Path, tmp_path: Path, burnish: CommandLine) -> None:
    own = run.memory()[0]
    forgotten = run.memory()[1]
    forget(run, [forgotten.id], because="private", who="ana")
    tested = next(f"Room {n}?" for n in range(99) if split_of(Task("codes", f"Room {n}?").id) == "test")

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["answer"] = "made up"
        rows[1] = {**rows[1], "environment": "contacts"}
        rows[2] = {**rows[2], "prompt": own.prompt, "answer": own.answer}
        rows[3] = {**rows[3], "prompt": forgotten.prompt, "answer": forgotten.answer}
        rows[4] = {**rows[4], "prompt": tested}
        rows[5] = rows[6]

    path = rewritten(file, tmp_path / "changed.jsonl", change)
    refused = dict(import_memory(run, path, who="eve").refused)
    ids = [row["id"] for row in lines(path)]
    assert [refused[ids[place]] for place in (0, 1, 2, 3, 4)] == [
        "not verified",
        "of the environment contacts",
        "enough of this task",
        "forgotten by ana: private",
        "its task is of the test split",
    ]
    assert refused[ids[6]] == "twice in the file"
    assert len(refused) == 6
    assert verify(run).problems == ()
    shown = burnish("memory", "import", run.place.path, path)
    assert f"{len(ids)} of {len(ids)} were refused:" in shown.out


def test_a_task_that_the_run_knows_is_judged_by_what_it_knows(run: Run, file: Path, tmp_path: Path) -> None:
    """A file cannot bring the expected answer of such a task along with a wrong one."""
    own = run.memory()[0]

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0] = {**rows[0], "prompt": own.prompt, "answer": "mine", "data": json.dumps({"code": "mine"})}
        del rows[1:]

    ((_, why),) = import_memory(run, rewritten(file, tmp_path / "forged.jsonl", change)).refused
    assert why == "not verified"


def test_no_more_come_in_than_memory_may_hold(lab: Laboratory, file: Path) -> None:
    run = halted(lab, 2, policies={"eviction": {"size": 9}}, budget={"iterations": 3})
    room = 9 - len(run.memory())
    done = import_memory(run, file)
    assert [why for _, why in done.refused] == ["memory is full"] * (len(lines(file)) - room)
    resume(run.place.path)
    assert verify(run).problems == ()


def test_beside_a_process_at_work_it_is_queued_with_what_it_brings(lab: Laboratory, file: Path) -> None:
    seen: list[Imported] = []

    def steer(request: int) -> None:
        run = open_run(lab.folder / "run")
        if not seen and len(run.iterations()) == 2:
            seen.append(import_memory(run, file, who="eve"))

    lab.model.watch = steer
    lab.run("run", seed=3)
    run = open_run(lab.folder / "run")
    assert seen[0].steered.record is None
    assert [r.admitted for r in run.iterations() if r.by_hand] == [len(lines(file))]
    assert verify(run).problems == ()


def climber(body: Body) -> str:
    """Mostly acts rightly."""
    if is_rating(body):
        return "3"
    if is_reflection(body):
        return "no idea"
    observation = body["messages"][-1]["content"].rpartition("\n\n")[2]
    return right_action(observation) if chance(observation, body.get("seed")) < 0.8 else "look"


def test_turns_of_episodes_are_carried_with_the_whole_episode(tmp_path: Path) -> None:
    stairs = f"{Path(__file__).parents[2] / 'helpers' / 'stairs.py'}:Stairs"
    tables: dict[str, Any] = {"environment": stairs, "budget": {"iterations": 1}, "sealed": {"tasks": 8}}
    with laboratory(tmp_path, climber) as lab:
        lab.run("first", **tables)
        lab.run("second", **tables, seed=9)
    first, second = open_run(tmp_path / "first"), open_run(tmp_path / "second")
    assert any(one.turn is not None for one in first.memory())
    export_memory(first, tmp_path / "stairs.jsonl")
    done = import_memory(second, tmp_path / "stairs.jsonl")
    assert done.steered.record is not None
    assert done.steered.record.admitted > 0
    assert verify(second).problems == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no exemplars"),
        ("no json\n", "line 1 is not JSON"),
        ('{"a": 1}\n', "line 1"),
        ("[1]\n", "line 1 is no JSON object"),
        (
            '{"environment": "codes", "prompt": "a", "answer": "b", "data": "no"}\n',
            "exemplar 1: its data and task must",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_whole(run: Run, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        import_memory(run, path)
    assert len(run.iterations()) == 4


def test_files_that_are_there_are_not_overwritten_and_missing_ones_are_said_so(run: Run, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(ExportExists, match="exists already"):
        export_memory(run, file)
    assert file.read_bytes() == before
    with pytest.raises(ConfigError, match=r"cannot read .*nowhere.jsonl: No such file"):
        import_memory(run, file.with_name("nowhere.jsonl"))
    with pytest.raises(StorageError, match="cannot write"):
        export_memory(run, file / "below.jsonl")
    with pytest.raises(ConfigError, match="nothing is remembered at iteration 0"):
        export_memory(run, file.with_name("new.jsonl"), at=0)


def test_the_listing_of_memory_is_as_it_was(run: Run, burnish: CommandLine, tmp_path: Path) -> None:
    listed = burnish("memory", run.place.path, "--at", 1)
    assert listed.code == 0
    assert listed.out == burnish("memory", "list", run.place.path, "--at", 1).out
    assert burnish("memory", "--at", 1, run.place.path).out == listed.out
    out = burnish("memory", "export", run.place.path, tmp_path / "a.jsonl", "--at", 1, "--json")
    assert json.loads(out.out)["exemplars"] == len(run.memory(1))
    assert burnish("memory").code == 2
