"""A model that begins to repeat itself is caught, rolled back and stopped, even where the environment is fooled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codes import Codes
from laboratory import Body, Laboratory, is_rating, laboratory, learner

from burnish.agent.record.report import Report
from burnish.agent.record.run import Run, open_run
from burnish.types import Feedback, Task

SAME = "I could not agree more."
STARTS = 6
"""The first iteration in which the model repeats itself."""
LONG: dict[str, Any] = {"budget": {"iterations": 12}, "policies": {"stopping": {"name": "never"}}}


class Fooled(Codes):
    """Takes one sentence for right, whatever was asked."""

    def score(self, task: Task, answer: str) -> Feedback:
        return Feedback(reward=1.0, verified=True) if answer == SAME else super().score(task, answer)


def collapsing(lab: Laboratory) -> None:
    """Have the model repeat itself from iteration `STARTS` on."""

    def answer(body: Body) -> str:
        begun = sum(event.kind == "begin" for event in lab.events)
        return SAME if begun >= STARTS and not is_rating(body) else learner(body)

    lab.model.answer = answer


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with a run in the folder `run` in which the model began to repeat itself."""
    with laboratory(tmp_path_factory.mktemp("guard")) as made:
        collapsing(made)
        made.run_with("run", Fooled(), **LONG)
        yield made


@pytest.fixture
def run(collapsed: Laboratory) -> Run:
    return open_run(collapsed.folder / "run")


@pytest.fixture
def report(collapsed: Laboratory) -> Report:
    return collapsed.report


def repeated(run: Run, revision: int) -> int:
    return sum(e.answer == SAME for e in run.memory(revision))


def test_repetition_is_caught_within_two_iterations(report: Report) -> None:
    records = report.iterations
    assert [r.action for r in records[:STARTS]] == ["none"] * STARTS
    assert records[STARTS].alarms
    assert records[STARTS + 1].action == "resample"
    assert records[STARTS + 2].temperature > records[STARTS].temperature


def test_the_run_ends_as_collapsed(report: Report) -> None:
    assert [r.action for r in report.iterations[STARTS + 1 :]] == ["resample", "rollback", "stop"]
    assert report.verdict == "collapsed"
    assert "diversity" in report.stopped
    assert report.finished


def test_rollback_restores_memory_and_champion_of_the_last_good_iteration(run: Run, report: Report) -> None:
    good, back = report.iterations[STARTS - 1], report.iterations[STARTS + 2]
    assert back.action == "rollback"
    assert repeated(run, back.number - 1) > 0
    assert repeated(run, back.number) == 0
    before, after = run.memory(good.number), run.memory(back.number)
    assert {(e.task_id, e.answer) for e in before} == {(e.task_id, e.answer) for e in after}
    assert len(before) > 0
    assert back.champion_id == good.champion_id
    with run.journal() as journal:
        everyone = {e.id: e for e in journal.exemplars()}
    again = [e for e in after if e.born == back.number]
    assert all(everyone[e.again].answer == e.answer and everyone[e.again].died <= e.born for e in again)
    assert not any(e.again for e in everyone.values() if e not in again)


def test_what_was_rolled_back_keeps_its_reason_and_can_be_seen(run: Run, report: Report) -> None:
    back = report.iterations[STARTS + 2].number
    with run.journal() as journal:
        undone = [e for e in journal.exemplars() if e.died == back]
    assert undone
    assert {e.death for e in undone} == {f"rolled back to revision {STARTS - 1}"}


def test_every_action_is_logged(collapsed: Laboratory, run: Run) -> None:
    told = [e.facts["action"] for e in collapsed.events if e.kind == "guard"]
    assert told[-3:] == ["resample", "rollback", "stop"]
    with run.journal() as journal:
        kept = [body for _, kind, body in journal.events() if kind == "guard"]
    assert len(kept) == len(told)


@pytest.mark.thorough
def test_with_the_guard_off_the_run_goes_on_and_only_tells(tmp_path: Path) -> None:
    with laboratory(tmp_path) as lab:
        collapsing(lab)
        off = {"policies": {**LONG["policies"], "diversity": {"name": "off"}}, "budget": {"iterations": STARTS + 4}}
        report = lab.run_with("off", Fooled(), **off)
        assert report.verdict != "collapsed"
        assert [r.number for r in report.iterations] == list(range(STARTS + 5))
        assert {r.action for r in report.iterations} == {"none"}
        assert report.iterations[-1].alarms
        assert repeated(open_run(tmp_path / "off"), STARTS + 4) > 0


@pytest.mark.thorough
def test_a_model_that_keeps_its_variety_is_left_alone(tmp_path: Path) -> None:
    with laboratory(tmp_path) as lab:
        report = lab.run("varied", budget={"iterations": 6}, policies={"stopping": {"name": "never"}})
        assert {r.action for r in report.iterations} == {"none"}
        assert report.verdict == "improved"
