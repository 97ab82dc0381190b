"""What clients say of served answers reaches a run's next sitting, judged and journalled like any change by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from codes import code_of
from endpoints import serving
from feeding import beside, text_of, word
from laboratory import CommandLine, Laboratory
from steered import halted

from burnish.agent.api import resume
from burnish.agent.exports.rows import rows_of
from burnish.agent.record.feedback_file import feedback_file
from burnish.agent.record.run import Run, open_run
from burnish.agent.serving.feedback import Feedback
from burnish.agent.steering.feedback import FedBack, take_feedback
from burnish.agent.steering.forgetting import forget, pin
from burnish.agent.steering.forking import fork
from burnish.agent.steering.returning import rollback
from burnish.agent.verification.verify import verify
from burnish.types import Task


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "run"))


def said(run: Run, *words: tuple[str, float, str]) -> list[str]:
    """What the served run answers to texts, each judged over HTTP with a reward and by a name."""
    answers = []
    with Feedback.of(run) as feedback, serving(run.place.path, feedback=feedback) as served:
        for text, reward, who in words:
            answer = served.answer(text)
            body = {"id": answer["id"], "reward": reward, "text": "so", **({"who": who} if who else {})}
            assert served.http.post(f"{served.url}/feedback", json=body).status_code == 200
            answers.append(str(answer["choices"][0]["message"]["content"]))
    return answers


def test_what_a_client_finds_right_is_shown_by_the_champion_of_the_next_sitting(run: Run, burnish: CommandLine) -> None:
    right, partly, tested = text_of("train"), text_of("train", 1), text_of("test")
    answers = said(run, (right, 1, "ana"), (partly, 0.5, ""), (tested, 1, "ana"))
    resumed = burnish("resume", run.place.path)
    assert resumed.code == 0, resumed.err
    assert "Taking in feedback on 3 served answers" in resumed.err
    (new,) = [one for one in run.memory() if one.born == 4]
    assert (new.prompt, new.answer, new.reviewer, new.level) == (right, answers[0], "ana", 3)
    assert new.id in {one.id for one in run.shown()}
    last = run.iterations()[-1]
    assert last.refused == {"not found right": 1, "its task is of the test split": 1}
    assert verify(run).problems == ()
    again = burnish("resume", run.place.path)
    assert "eedback" not in again.err
    assert len(run.iterations()) == 5


def test_every_way_to_look_at_a_run_shows_who_said_what(run: Run, burnish: CommandLine, tmp_path: Path) -> None:
    right, wrong = word(run, text_of("train"), "a", 1), word(run, text_of("train", 1), "b", 0, who="", text="bad")
    beside(run, right, wrong)
    resume(run.place.path)
    place, new = run.place.path, next(one for one in run.memory() if one.born == 4)
    by = "ana and a client of `burnish serve` judged what was served: 2 answers in run.feedback.jsonl"
    expected = {
        ("show", place, "iteration 4"): by,
        ("why", place, "iteration 4"): f"a change by hand: {by} (20",
        ("why", place, new.id): "and ana accepted it (reward 1). It was admitted: served, and found right by ana",
        (
            "why",
            place,
            wrong.attempt.id,
        ): "a client of `burnish serve` did not find it right (reward 0): bad. It was not",
        ("show", place, wrong.attempt.id): "bad",
        ("report", place): "judged what",
        ("status", place): "hanged by hand since the sealed test",
        ("refusals", place): "not found right",
    }
    for command, words in expected.items():
        shown = burnish(*command)
        assert shown.code == 0, shown.err
        assert words in " ".join(shown.out.split()), (command, shown.out)
    assert run.report().since_sealed == (4,)
    with run.journal() as journal:
        rows = {row.answer: row for row in rows_of(journal, level=6) if row.origin == "feedback"}
    assert (rows["a"].verified_by, rows["a"].level, rows["a"].verified, rows["a"].barred) == (
        "person: ana",
        3,
        True,
        "",
    )
    assert (rows["b"].verified, rows["b"].barred) == (False, "not found right by a client of `burnish serve`")
    out = tmp_path / "data"
    assert burnish("export", place, "--format", "chatml", "--purpose", "evaluate", "--out", out).code == 0
    assert "person: ana" in "".join(file.read_text() for file in out.rglob("*.jsonl"))


def test_a_persons_word_goes_along_to_files_and_counts_nothing_in_other_runs(
    run: Run, burnish: CommandLine, tmp_path: Path
) -> None:
    beside(run, word(run, text_of("train"), "a", 1))
    resume(run.place.path)
    place, files = run.place.path, (tmp_path / "program.toml", tmp_path / "memory.jsonl")
    assert burnish("program", place, "--out", files[0]).code == 0
    assert burnish("memory", "export", place, files[1]).code == 0
    for file in files:
        text = file.read_text()
        assert "ana" in text
        assert text_of("train") in text
    made = fork(run, at=4, directory=tmp_path / "fork", budget={"calls": 200, "iterations": 1})
    resume(made.directory)
    child = open_run(tmp_path / "fork")
    assert child.memory(0)
    assert text_of("train") not in {one.prompt for one in child.memory()}
    assert verify(child).problems == ()
    assert verify(run).problems == ()


def test_a_run_that_was_halted_learns_from_it_and_goes_on(learned: Laboratory, lab: Laboratory) -> None:
    """Also where its environment was about to pose the same texts: they stay what clients asked."""
    with open_run(learned.folder / "run").journal() as journal:
        coming = [journal.task(a.task_id).prompt for _, a, _ in journal.judged("attempt", 3)]
    run = halted(lab, 2)
    beside(run, *(word(run, text, "made up", 1) for text in {*coming}))
    resume(run.place.path)
    by_hand = run.iterations()[3]
    assert by_hand.by_hand is not None
    assert by_hand.admitted == len({*coming})
    with run.journal() as journal:
        later = {journal.task(a.task_id).prompt for _, a, _ in journal.judged("attempt", 4)}
    assert later
    assert not later & {*coming}
    assert verify(run).problems == ()


def test_beside_a_process_at_work_it_is_queued_once(lab: Laboratory) -> None:
    seen: list[FedBack] = []

    def steer(request: int) -> None:
        run = open_run(lab.folder / "run")
        if not seen and len(run.iterations()) == 2:
            path = beside(run, word(run, text_of("train"), "a", 1))
            seen.extend(take_feedback(run, path) for _ in range(2))

    lab.model.watch = steer
    lab.run("run", seed=3)
    run = open_run(lab.folder / "run")
    first, second = seen
    assert first.steered is not None
    assert (first.steered.record, second.steered, second.before) == (None, None, 1)
    assert [record.admitted for record in run.iterations() if record.by_hand] == [1]
    assert verify(run).problems == ()


def test_a_task_that_the_run_knows_is_judged_by_its_environment(run: Run) -> None:
    with run.journal() as journal:
        wrong = {a.task_id for _, a, f in journal.judged("attempt") if not f.verified}
        fresh = [journal.task(id_) for id_ in sorted(wrong - {one.task_id for one in run.memory()})]
    first, second, third = fresh[:3]
    refused = take_feedback(
        run,
        beside(
            run,
            word(run, first.prompt, "made up", 1),
            word(run, second.prompt, code_of(second.prompt), 0),
            word(run, f"  {third.prompt} ", code_of(third.prompt), 1),
        ),
    ).refused
    assert [why for _, why in refused] == ["not verified", "not found right"]
    (new,) = [one for one in run.memory() if one.born == 4]
    assert (new.prompt, new.reviewer, new.level) == (third.prompt, "", 6)
    with run.journal() as journal:
        verdicts = [f.verified for _, _, f in journal.judged("feedback", 4)]
        barred = {row.answer: row.barred for row in rows_of(journal, level=6) if row.origin == "feedback"}
    assert verdicts == [False, True, True]
    assert barred[code_of(second.prompt)] == "not found right by ana"
    assert verify(run).problems == ()


def test_the_admission_policy_decides_and_what_was_forgotten_stays_forgotten(run: Run) -> None:
    gone = run.memory()[0]
    forget(run, [gone.id], because="private", who="ana")
    known, text = run.memory()[0], text_of("train")
    refused = take_feedback(
        run,
        beside(
            run,
            word(run, gone.prompt, gone.answer, 1),
            word(run, known.prompt, known.answer, 1),
            word(run, text, "one", 1),
            word(run, text, "two", 1, who="ben"),
            word(run, text, "one", 1, who="eve", answer="chatcmpl-again"),
            word(run, text_of("train", 1), " ", 1),
            word(run, text_of("train", 2), "x" * 30_000, 1),
            word(run, text_of("validation"), "x", 1),
        ),
    ).refused
    assert [why for _, why in refused] == [
        "forgotten by ana: private",
        "remembered already",
        "a later word on it counts",
        "enough of this task",
        "an empty answer",
        "too long to be shown",
        "its task is of the validation split",
    ]
    assert verify(run).problems == ()


def test_the_last_word_counts_in_later_sittings_too(run: Run) -> None:
    text = text_of("train")
    path = beside(run, word(run, text, "a", 0, when="1"), word(run, text, "a", 1, when="2"))
    take_feedback(run, path)
    (learned,) = [one for one in run.memory() if one.prompt == text]
    beside(run, word(run, text, "a", 0.9, when="3", who="ben"))
    take_feedback(run, path)
    assert text not in {one.prompt for one in run.memory()}
    assert learned.id not in {one.id for one in run.shown()}
    with run.journal() as journal:
        (dead,) = [one for one in journal.exemplars() if one.id == learned.id]
        assert (dead.died, dead.death) == (5, "not found right by ben")
        assert [row.verified for row in rows_of(journal, level=6) if row.answer == "a"] == [False]
    rollback(run, to=4)
    assert text not in {one.prompt for one in run.memory()}, "it does not come back by going back"
    beside(run, word(run, text, "a", 1, when="4", who="ben"))
    take_feedback(run, path)
    assert [one.reviewer for one in run.memory() if one.prompt == text] == ["ben"]
    assert verify(run).problems == ()


def test_what_is_pinned_stays_whatever_a_client_says(run: Run) -> None:
    text = text_of("train")
    path = beside(run, word(run, text, "a", 1))
    take_feedback(run, path)
    pin(run, [next(one.id for one in run.memory() if one.prompt == text)], who="ana")
    take_feedback(run, beside(run, word(run, text, "a", 0, when="2031", who="ben")))
    assert text in {one.prompt for one in run.memory()}
    assert verify(run).problems == ()


def test_feedback_on_another_run_is_taken_in_only_when_asked_for(run: Run, burnish: CommandLine) -> None:
    """A file of that name may be left over from an earlier run."""
    other = word(run, text_of("train"), "a", 1, run="other", chain="0" * 64)
    path = beside(run, other)
    resumed = burnish("resume", run.place.path)
    assert "feedback on 1 answer of another run; `burnish memory import` takes it in" in " ".join(resumed.err.split())
    assert len(run.iterations()) == 4
    done = burnish("memory", "import", run.place.path, path, "--who", "eve", "--because", "it is good")
    assert done.code == 0, done.err
    change = run.iterations()[-1].by_hand
    assert change is not None
    assert (change.who, change.source) == ("ana", "1 answer in run.feedback.jsonl, brought by eve")
    (new,) = [one for one in run.memory() if one.born == 4]
    assert "served by run other" in new.reason
    assert "It is the answer of scripted in another run" in burnish("why", run.place.path, new.id).out
    again = burnish("memory", "import", run.place.path, path)
    assert again.out == "Feedback on 1 of 1 answers was taken in before.\n"
    assert json.loads(burnish("memory", "import", run.place.path, path, "--json").out)["before"] == 1
    assert verify(run).problems == ()


def test_a_file_that_a_server_is_writing_is_read_as_far_as_it_is_finished(run: Run, burnish: CommandLine) -> None:
    whole, half = word(run, text_of("train"), "a", 1), json.dumps(word(run, text_of("train", 1), "b", 1).to_json())
    path = beside(run, whole)
    with path.open("a") as file:
        file.write(half[:100])
        file.flush()
        done = burnish("memory", "import", run.place.path, path)
        assert "The last line of the file is not finished yet, and is left for the next time." in done.out
        file.write(half[100:] + "\n")
    resume(run.place.path)
    assert [record.admitted for record in run.iterations()[-2:]] == [1, 1]


def test_a_server_that_finds_a_broken_last_line_leaves_it_and_begins_a_new_one(run: Run) -> None:
    path = feedback_file(run.place.path)
    path.write_text('{"answer"')
    said(run, (text_of("train"), 1, "ana"))
    first, second = path.read_text().splitlines()
    assert (first, json.loads(second)["who"]) == ('{"answer"', "ana")


def test_of_thousands_of_answers_all_are_taken_in_at_once(run: Run) -> None:
    one = word(run, text_of("train"), "a", 0, text="y" * 5000)
    tasks = [Task("codes", f"Which code has thing {n}?") for n in range(1000)]
    path = beside(
        run,
        *(
            replace(one, answer=f"a{n}", task=task, attempt=replace(one.attempt, task_id=task.id))
            for n, task in enumerate(tasks)
        ),
    )
    done = take_feedback(run, path)
    assert done.steered is not None
    assert done.answers == 1000
    assert path.stat().st_size > 4_000_000
    assert {why for _, why in done.refused} == {
        "not found right",
        "its task is of the validation split",
        "its task is of the test split",
    }
