"""`burnish verify` finds whatever was changed in a run after the fact, and says what by name."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from codes import Codes
from laboratory import Laboratory, query

from burnish.agent.record.run import Run, open_run
from burnish.agent.verification.verify import Verification, verify
from burnish.records import IterationRecord
from burnish.types import ALIVE, Feedback, Task


@pytest.fixture
def copy(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be tampered with."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "copy"))


def tampered(run: Run, sql: str, *values: object) -> Verification:
    query(run.place.path, sql, *values)
    return verify(run)


def found(result: Verification, pattern: str) -> bool:
    return any(re.search(pattern, problem) for problem in result.problems)


def test_a_fresh_run_holds(learned: Laboratory) -> None:
    run = open_run(learned.folder / "run")
    learned.model.clear()
    result = verify(run)
    assert result.holds, result.problems
    assert learned.model.bodies == []
    report = run.report()
    assert result.exemplars == report.exemplars_ever > 0
    assert result.gates == sum(len(r.gates) for r in report.iterations) > 0
    assert result.verdicts > 100
    assert result.sealed


def test_a_run_of_another_version_is_verified_as_far_as_its_records_allow(copy: Run) -> None:
    query(copy.place.path, "UPDATE meta SET value = '\"0.0.9\"' WHERE key = 'version'")
    result = verify(copy)
    assert not result.again
    assert "began with another version of Burnish (0.0.9, schema 7)" in result.notes[0]
    (problem,) = result.problems
    assert "its link in the chain of hashes" in problem, "this one was said to be of another version"


def test_a_run_that_was_killed_and_resumed_holds(learned: Laboratory) -> None:
    twin = Laboratory(learned.folder, learned.model, learned.url)
    twin.killed("killed", 120)
    assert verify(open_run(twin.folder / "killed")).holds
    twin.resume("killed")
    assert verify(open_run(twin.folder / "killed")).holds


def test_a_larger_budget_after_the_sealed_test_has_begun_is_no_disagreement(
    learned: Laboratory, lab: Laboratory
) -> None:
    lab.killed("run", learned.report.total.calls - 25, seed=3)
    assert lab.resume("run", iterations=5).iterations[-1].number == 3
    run = open_run(lab.folder / "run")
    assert run.config.budget.iterations == 3, "it buys no further iteration"
    assert verify(run).problems == ()


class Failing(Codes):
    """Fails to judge now and then, as long as it is told to."""

    failing = True

    def __init__(self) -> None:
        self.judged = 0

    def score(self, task: Task, answer: str) -> Feedback:
        self.judged += 1
        if self.failing and self.judged % 9 == 0:
            raise RuntimeError("the judge is away")
        return super().score(task, answer)


@pytest.mark.parametrize("seed", [0, 3])
def test_an_environment_that_failed_on_the_day_is_no_disagreement(lab: Laboratory, seed: int) -> None:
    live = Failing()
    report = lab.run_with("run", live, seed=seed)
    assert any("does not judge" in sentence for sentence in report.obstacles)
    live.failing = False
    assert verify(open_run(lab.folder / "run"), live).problems == ()


def test_one_that_fails_while_it_is_verified_is_said_to_fail(learned: Laboratory) -> None:
    live = Failing()
    found = verify(open_run(learned.folder / "run"), live).problems
    assert any("fails to judge" in one and "mend it, then verify again" in one for one in found)
    assert not any("changed" in one and "verdict" in one for one in found)


def test_an_exemplar_whose_answer_was_changed(copy: Run) -> None:
    result = tampered(
        copy,
        "UPDATE exemplars SET body = json_set(body, '$.answer', 'made up')"
        " WHERE id = (SELECT id FROM exemplars ORDER BY id LIMIT 1)",
    )
    (changed,) = [e for e in copy.memory() if e.answer == "made up"]
    assert found(result, f"exemplar {changed.id} is not verified by codes")


def test_an_exemplar_that_was_never_attempted(copy: Run) -> None:
    """A right answer that a person slipped in is found too."""
    with copy.journal() as journal:
        known = {e.task_id for e in journal.exemplars()}
        task = next(
            journal.task(a.task_id)
            for _, a, f in journal.judged("attempt")
            if not f.verified
            and a.task_id not in known
            and not any(
                b.task_id == a.task_id and g.verified
                for node in ("attempt", "compare", "rewrite")
                for _, b, g in journal.judged(node)
            )
        )
        body = {**journal.exemplars()[0].to_json(), "task_id": task.id, "prompt": task.prompt}
    body["answer"] = task.data["code"]
    result = tampered(copy, "INSERT INTO exemplars VALUES('x', 1, ?, '', ?)", ALIVE, json.dumps(body))
    assert found(result, "is no answer that was attempted in this run")


def test_an_exemplar_of_a_sealed_task(copy: Run) -> None:
    with copy.journal() as journal:
        sealed = next(a for _, a, f in journal.judged("sealed champion") if f.verified)
        prompt = journal.task(sealed.task_id).prompt
        body = {**journal.exemplars()[0].to_json(), "task_id": sealed.task_id, "prompt": prompt}
    body["answer"] = sealed.answer
    result = tampered(copy, "INSERT INTO exemplars VALUES('x', 1, ?, '', ?)", ALIVE, json.dumps(body))
    assert found(result, "answers a task of the test split")


@pytest.mark.parametrize("node", ["attempt", "gate", "sealed seed"])
def test_a_verdict_that_was_turned_round(copy: Run, node: str) -> None:
    with copy.journal() as journal:
        _, attempt, _ = next(j for j in journal.judged(node) if not j[2].verified)
    result = tampered(
        copy,
        "UPDATE attempts SET verdict = json_set(verdict, '$.verified', json('true'), '$.reward', 1.0) WHERE id = ?",
        attempt.id,
    )
    assert found(result, rf"task {attempt.task_id} was verified \(1\) and is now not verified \(0\)")


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("$.gates[0].outcome", "reject", r"challenger 1 was decided reject on \d+ tasks"),
        ("$.gates[0].tasks", 3, r"challenger 1 was decided \w+ on 3 tasks"),
        ("$.gates[0].challenger_score", 0.99, "scores or the e-value of challenger 1"),
        ("$.gates[0].e_value", 1e9, "scores or the e-value of challenger 1"),
        ("$.champion_id", "0123456789abcdef", r"the champion of iteration \d is not what its gates decided"),
        ("$.verified", 11, r"iteration \d says 11 of"),
    ],
)
def test_a_record_of_an_iteration_that_was_changed(copy: Run, path: str, value: object, said: str) -> None:
    raced = next(r.number for r in copy.iterations() if r.gates)
    if path == "$.champion_id":  # a program that exists, or the report itself could not be made
        value = copy.iterations()[-1].champion_id
        query(
            copy.place.path,
            f"UPDATE iterations SET body = json_set(body, '$.gates', json('[]')) WHERE number = {raced}",
        )
    result = tampered(copy, f"UPDATE iterations SET body = json_set(body, ?, ?) WHERE number = {raced}", path, value)
    assert found(result, said)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("$.p_value", 1e-9, "the figures of the sealed test are not what its answers say"),
        ("$.verdict", "undecided", "the sealed verdict was 'undecided'"),
    ],
)
def test_a_sealed_record_that_was_changed(copy: Run, path: str, value: object, said: str) -> None:
    result = tampered(copy, "UPDATE meta SET value = json_set(value, ?, ?) WHERE key = 'sealed'", path, value)
    assert found(result, said)


def test_a_race_on_a_train_task_that_was_answered_before(copy: Run) -> None:
    record = _raced_on_train(copy)
    with copy.journal() as journal:
        (_, early, _), *_ = journal.judged("attempt", 1)
    sql = (
        "UPDATE attempts SET body = json_set(body, '$.task_id', ?) WHERE iteration = ? AND node = 'compare'"
        " AND json_extract(body, '$.program_id') = ?"
    )
    race = next(one for one in record.comparisons if one.kind == "race")
    result = tampered(copy, sql, early.task_id, record.number, race.program_id)
    assert found(result, f"the race of iteration {record.number} counts tasks that were answered before")


def test_a_race_that_is_said_to_be_between_other_programs(copy: Run) -> None:
    record = _raced_on_train(copy)
    place = next(i for i, one in enumerate(record.comparisons) if one.kind == "race")
    sql = f"UPDATE iterations SET body = json_set(body, '$.comparisons[{place}].program_id', ?) WHERE number = ?"
    result = tampered(copy, sql, record.comparisons[place].beside_id, record.number)
    assert found(result, "is not between the programs that its answers are of")


def _raced_on_train(run: Run) -> IterationRecord:
    return next(r for r in run.iterations() if any(one.kind == "race" for one in r.comparisons))


def test_a_sealed_seed_that_was_not_committed_to(copy: Run) -> None:
    result = tampered(copy, "UPDATE meta SET value = '\"00\"' WHERE key = 'sealed_seed_sha256'")
    assert found(result, "sealed seed is not the one that was committed to")


@pytest.mark.parametrize("text", ['{"verdict": "improved"}', "not JSON", ""])
def test_a_report_that_was_replaced(copy: Run, text: str) -> None:
    copy.place.report.write_text(text)
    assert found(verify(copy), r"report\.json does not say what the journal says; `burnish resume")


def test_a_report_whose_cost_was_changed_and_that_resume_writes_anew(learned: Laboratory, copy: Run) -> None:
    report = json.loads(copy.place.report.read_text())
    report["total"]["calls"] -= 1
    copy.place.report.write_text(json.dumps(report))
    assert found(verify(copy), r"report\.json")
    Laboratory(copy.place.path.parent, learned.model, learned.url).resume("copy")
    assert verify(copy).holds
