"""What is probably better than what is raced takes its place, and goes on with the evidence so far."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from laboratory import Body, Laboratory, chance, is_rating, is_reflection, laboratory, query

from burnish.agent.record.run import Run, open_run
from burnish.agent.verification.verify import verify
from burnish.policies.acceptance import score
from burnish.types import Feedback, Split, Task

HINTS = {kind: f"Mind the {kind} ones." for kind in ("red", "green", "blue", "black", "grey", "white")}


class Colours:
    """Questions of four kinds."""

    name, instruction = "colours", "Answer the question."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for number in range(600):
            kind = list(HINTS)[number % len(HINTS)]
            yield Task(self.name, f"A {kind} question, {split} {seed} {number}?", cell=kind)

    def score(self, _task: Task, answer: str) -> Feedback:
        return Feedback(float(answer == "right"), verified=answer == "right", text="")


def pupil(body: Body) -> str:
    """Has a tenth right, and of a kind nearly all once it is told to mind it. It reflects on one kind at a time."""
    said = "\n".join(str(message["content"]) for message in body["messages"])
    if is_rating(body):
        return "3"
    if is_reflection(body):
        if "Feedback on the answers" in said:
            return f"<instruction>{said.partition('Feedback on the answers')[2]}</instruction>"  # the probe
        current = said.partition("Instruction:\n")[2].partition("\n\n")[0]
        missing = [hint for hint in HINTS.values() if hint not in current]
        return f"<instruction>{' '.join([current, *missing[:1]])}</instruction>"
    question = body["messages"][-1]["content"].rpartition("\n\n")[2]
    told = any(hint in said for kind, hint in HINTS.items() if f"A {kind} question" in question)
    return "right" if chance(question) < (0.95 if told else 0.1) else "wrong"


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with a finished run in the folder `run`, to be looked at only."""
    with laboratory(tmp_path_factory.mktemp("raced")) as made:
        run_in(made, "run")
        yield made


def run_in(lab: Laboratory, name: str, *, succession: bool = True) -> Run:
    lab.model.answer = pupil
    lab.run_with(
        name,
        Colours(),
        operators=["reflection"],
        sampling={"tasks": 12, "samples": 1},
        budget={"iterations": 10},
        policies={
            "acceptance": {"cap": 200},
            "rewriting": {"trial_tasks": 12, "succession": succession},
            "stopping": {"name": "never"},
        },
    )
    return open_run(lab.folder / name)


def test_a_better_one_takes_the_place_of_what_is_raced_and_keeps_its_evidence(raced: Laboratory) -> None:
    run = open_run(raced.folder / "run")
    gates = [gate for record in run.iterations() for gate in record.gates if gate.number == 1]
    changed = [(before, after) for before, after in pairwise(gates) if before.successor_id]
    assert changed
    with run.journal() as journal:
        for before, after in changed:
            assert journal.program(after.challenger_id).variant == journal.program(before.successor_id).variant
            assert journal.program(after.challenger_id).variant != journal.program(before.challenger_id).variant
            assert after.since == before.tasks < after.tasks
            assert after.threshold == before.threshold
        champion = journal.program(run.iterations()[-1].champion_id)
    assert gates[-1].outcome == "accept"
    assert sum(hint in champion.prompt.text("task") for hint in HINTS.values()) >= 2


def test_a_successor_is_tried_beside_what_is_raced_on_the_same_tasks(raced: Laboratory) -> None:
    run = open_run(raced.folder / "run")
    found = 0
    with run.journal() as journal:
        for record in run.iterations():
            scores: dict[str, dict[str, float]] = {}
            for _, attempt, feedback in journal.judged("compare", record.number):
                scores.setdefault(attempt.program_id, {})[attempt.task_id] = score(feedback)
            for one in (one for one in record.comparisons if one.kind == "successor"):
                mine, theirs = scores[one.program_id], scores[one.beside_id]
                assert mine.keys() <= theirs.keys()
                assert sum(one.differences) == pytest.approx(sum(mine[id_] - theirs[id_] for id_ in mine))
                found += len(one.differences)
    assert found > 0


def test_the_record_of_a_succession_is_verified(raced: Laboratory, tmp_path: Path) -> None:
    run = open_run(raced.folder / "run")
    assert verify(run, Colours()).holds
    number = next(r.number for r in run.iterations() for g in r.gates if g.successor_id)
    said = verify(changed(run, tmp_path / "stayed", number, "$.gates[0].successor_id", ""), Colours()).problems
    assert any("is not what was to be raced next" in one for one in said)
    untried = changed(run, tmp_path / "untried", number, "$.alarms", [])
    for record in run.iterations():
        kept = [one.to_json() for one in record.comparisons if one.kind == "race"]
        sql = "UPDATE iterations SET body = json_set(body, '$.comparisons', json(?)) WHERE number = ?"
        query(untried.place.path, sql, json.dumps(kept), record.number)
    assert any("was never tried" in one for one in verify(untried, Colours()).problems)


def changed(run: Run, place: Path, number: int, path: str, value: object) -> Run:
    """A copy of a run whose record of an iteration says something else."""
    shutil.copytree(run.place.path, place)
    sql = f"UPDATE iterations SET body = json_set(body, ?, json(?)) WHERE number = {number}"
    query(place, sql, path, json.dumps(value))
    return open_run(place)


def test_without_succession_nothing_is_tried_while_something_is_raced(lab: Laboratory) -> None:
    run = run_in(lab, "single", succession=False)
    races = [r for r in run.iterations() if any(one.kind == "race" for one in r.comparisons)]
    assert races
    assert not any(r.proposals for r in races)
    assert not any(g.successor_id for r in run.iterations() for g in r.gates)
