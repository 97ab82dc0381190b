"""From a run to an adapter that the gate has tried, and on to the next run; and the same within a run."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from codes import Codes, code_of
from laboratory import CommandLine, merged

from burnish.agent.api import resume, run
from burnish.agent.record.run import open_run
from burnish.agent.training import making
from burnish.config import RunConfig
from burnish.protocols import Seed

TINY: Mapping[str, Any] = {
    "environment": f"{__file__}:KnownCodes",
    "memory": {"embedder": "hash", "index": "numpy"},
    "operators": [],
    "sampling": {"tasks": 2, "samples": 1, "forms": False},
    "decoding": {"max_tokens": 8},
    "retrieval": {"k": 1},
    "sealed": {"tasks": 3},
    "budget": {"iterations": 1},
    "train": {"steps": 1, "batch": 2, "rank": 2},
    "policies": {"acceptance": {"cap": 4, "block": 4}, "rating": {"most": 1}},
}


class KnownCodes(Codes):
    """Codes of which people know four, so that there is something to train on whatever the model answers."""

    name = "known codes"
    licence = "Apache-2.0"
    provenance = "Written for these tests."

    def seeds(self) -> list[Seed]:
        return [Seed(task, code_of(task.prompt)) for task in islice(self.tasks("train", 0), 4)]


@pytest.fixture(autouse=True)
def _unpacked_once(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "unpacked", lambda _weights, _folder: base)


def config(**tables: Any) -> RunConfig:
    return RunConfig.parse(merged(TINY, tables))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that trained nothing."""
    directory = tmp_path_factory.mktemp("finished") / "run"
    run(config(), directory=directory)
    return directory


@pytest.fixture
def burnish(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(monkeypatch, capfd)


def test_an_adapter_goes_through_the_gate_and_into_the_next_run(
    finished: Path, burnish: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "adapter"
    command = ("train", finished, "--out", out, "--steps", 1, "--batch", 2, "--rank", 2)
    told = burnish(*command)
    assert told.code == 0, told.err
    assert told.out.startswith("Trained 1 steps on 4 examples: loss ")
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    gate, sealed = report["proof"]["gate"], report["proof"]["sealed"]
    assert (gate["operator"], gate["number"]) == ("train", 1)
    assert {arm["tasks"] for arm in sealed["arms"].values()} == {3}
    name = report["made"]["adapter"]
    assert gate["challenger_id"] == sealed["arms"]["champion"]["program_id"] != gate["champion_id"]

    again = burnish(*command)
    assert (again.code, again.out) == (0, told.out)
    other = burnish(*command[:-1], 4)
    assert other.code == 2
    assert f"{out} was begun with another rank; give what it was begun with" in other.err
    damaged = out / "data" / "train.jsonl"
    damaged.write_text(damaged.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    (out / "trained.json").unlink()
    assert "is not what was exported" in burnish(*command).err

    following = tmp_path / "following"
    run(config(models={"task": {"adapter": str(out)}}), directory=following)
    assert open_run(following).program(0).adapter == name
    (out / "adapter.gguf").write_bytes((out / "adapter.gguf").read_bytes() + b"\0")
    changed = burnish("resume", following)
    assert changed.code == 2
    assert f"is not the adapter this run began with ({name})" in changed.err


def test_a_folder_of_weights_goes_through_the_gate_served_with_its_adapter_and_without(
    finished: Path, base: Path, burnish: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "folder"
    command = ("train", finished, "--out", out, "--model", base, "--steps", 1, "--batch", 2, "--rank", 2)
    told = burnish(*command)
    assert told.code == 0, told.err
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    gate, sealed = report["proof"]["gate"], report["proof"]["sealed"]
    assert gate["challenger_id"] == sealed["arms"]["champion"]["program_id"] != gate["champion_id"]
    with open_run(out / "proof").journal() as journal:
        answers = {place: journal.judged(f"sealed {place}") for place in ("champion", "adapter")}
    assert {a.program_id for _, a, _ in answers["adapter"]} == {gate["challenger_id"]}
    assert all(a.model.startswith(base.name) for rows in answers.values() for _, a, _ in rows)
    adapter = report["made"]["adapter"]
    for server in ("base", adapter):
        log = (out / "proof" / f"serving {server}" / "log.txt").read_text(encoding="utf-8")
        assert log.count("POST /v1/chat/completions") >= 4 + 3
    assert f"{out / 'merged'}" in told.out


def killed_in_training(directory: Path, base: Path) -> None:
    vars(making)["unpacked"] = lambda _weights, _folder: base

    def notify(kind: str, _facts: Mapping[str, Any]) -> None:
        if kind == "training":
            os.kill(os.getpid(), signal.SIGKILL)

    run(config(train={"every": 1}), directory=directory, notify=notify)


def test_a_run_trains_each_round_once_and_races_it_as_any_challenger(base: Path, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    child = multiprocessing.get_context("spawn").Process(target=killed_in_training, args=(directory, base))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    trained: list[str] = []
    report = resume(directory, notify=lambda kind, _facts: trained.append(kind))
    assert trained.count("training") == 1
    (gate,) = report.iterations[-1].gates
    assert gate.operator == "train"
    with open_run(directory).journal() as journal:
        known = journal.meta("adapter 1")
        assert isinstance(known, dict)
        assert journal.program(gate.challenger_id).adapter == known["adapter"] != ""
    assert (directory / "training" / "0001" / "adapter.gguf").is_file()


def test_a_time_budget_that_ends_within_training_keeps_the_iteration_and_leaves_the_sealed_test(
    base: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    report = run(
        config(
            train={"every": 1, "steps": 10_000},
            budget={"seconds": 75},
            policies={"budget": {"name": "reserving", "margin": 5.0}},
        ),
        directory=tmp_path / "run",
        notify=lambda kind, _facts: told.append(kind),
    )
    assert told.count("training") > 1
    assert any("iteration 1" in said and "ended within training" in said for said in report.obstacles)
    assert report.finished
    assert report.seconds < 75
    assert report.champion.adapter == ""
