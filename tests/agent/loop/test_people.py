"""The levels of human involvement: what people are asked, and that nothing is learned without them where they are."""

from __future__ import annotations

import io
import json
import os
import pty
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import desk
import pytest
from codes import code_of
from laboratory import CommandLine, Laboratory, query

from burnish.agent.cli.review import review
from burnish.agent.record.report import Agreement
from burnish.agent.record.run import open_run
from burnish.agent.steering.queue import read_queue
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError, StorageError, Waiting
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.policies.statistics import wilson
from burnish.records import Decision, Question

SEEDED = f"{Path(__file__).with_name('seeded_codes.py')}:SeededCodes"

Person = Callable[[Question], Decision]


def decision(question: Question, action: Any, answer: str = "") -> Decision:
    return Decision(question.id, action, "ada", "2026-01-01T00:00:00+00:00", answer=answer)


def honest(question: Question) -> Decision:
    """Knows the codes."""
    right = code_of(question.prompt)
    if question.kind == "write":
        return decision(question, "edit", right)
    return decision(question, "accept" if question.answer == right else "reject")


def mender(question: Question) -> Decision:
    """Puts right what is wrong."""
    return decision(question, "edit", code_of(question.prompt))


def at_the_desk(directory: Path, person: Person) -> AbstractContextManager[None]:
    """A person who answers by the question alone."""
    return desk.at_the_desk(directory, lambda _journal, question: person(question))


def test_at_level_3_nothing_is_learned_while_no_one_answers(lab: Laboratory) -> None:
    with pytest.raises(Waiting, match=r"\d+ questions wait for people, .*`burnish review .*resume"):
        lab.run("run", level=3, review={"patience_seconds": 0.3})
    run = open_run(lab.folder / "run")
    (told,) = [e.facts["questions"] for e in lab.events if e.kind == "waiting"]
    assert len(read_queue(run).open) == told >= 12
    assert run.memory() == []
    assert len(run.iterations()) == 1


def test_at_level_3_a_run_goes_on_where_people_answered(lab: Laboratory) -> None:
    with at_the_desk(lab.folder / "run", honest):
        report = lab.run("run", level=3)
    run = open_run(lab.folder / "run")
    assert report.finished
    assert len(run.memory()) > 0
    assert {(e.reviewer, e.level, e.origin) for e in run.memory()} == {("ada", 3, "attempt")}
    assert verify(run).holds, verify(run).problems


def test_what_was_said_of_a_committed_iteration_stands(lab: Laboratory) -> None:
    with at_the_desk(lab.folder / "run", honest):
        lab.run("run", level=3)
    run = open_run(lab.folder / "run")
    journal = Journal.join(run.place.journal)
    first = next(question for question in journal.questions() if question.iteration == 1)
    with pytest.raises(StorageError, match="iteration 1 is committed, with what was said of this question until then"):
        journal.add_decision(decision(first, "reject"))
    journal.close()
    assert verify(run).problems == ()


def test_what_people_say_of_the_sealed_test_joins_the_chain(lab: Laboratory) -> None:
    report = lab.run("run", level=4)
    run = open_run(lab.folder / "run")
    journal = Journal.join(run.place.journal)
    for question in journal.questions():
        journal.add_decision(honest(question))
    journal.close()
    after = lab.resume("run")
    assert after.agreement is not None
    assert after.agreement.judged == after.agreement.asked > 0
    assert after.head != report.head
    assert verify(run, head=report.head).problems == verify(run, head=after.head).problems == ()
    query(run.place.path, "UPDATE decisions SET body = json_set(body, '$.action', 'reject')")
    assert any("the decisions after it" in one for one in verify(run, head=after.head).problems)


@pytest.mark.thorough
def test_answers_given_while_nobody_waited_count_when_the_run_is_resumed(lab: Laboratory) -> None:
    with pytest.raises(Waiting):
        lab.run("run", level=3, review={"patience_seconds": 0.1}, budget={"iterations": 1})
    journal = Journal.join(lab.folder / "run" / "journal.db")
    for question in journal.questions():
        journal.add_decision(honest(question))
    journal.close()
    report = lab.resume("run")
    assert report.finished
    assert lab.model.counts().total() > 0
    assert verify(open_run(lab.folder / "run")).holds


def test_a_persons_verdict_takes_the_place_of_the_environments(lab: Laboratory) -> None:
    with at_the_desk(lab.folder / "run", lambda question: decision(question, "reject")):
        lab.run("run", level=3)
    assert open_run(lab.folder / "run").memory() == []


def test_what_a_person_edited_is_theirs_and_the_models(lab: Laboratory) -> None:
    with at_the_desk(lab.folder / "run", mender):
        lab.run("run", level=3)
    run = open_run(lab.folder / "run")
    memory = run.memory()
    assert all(e.answer == code_of(e.prompt) for e in memory)
    mended = [e for e in memory if e.origin == "person"]
    assert mended
    assert {(e.model, e.reviewer) for e in mended} == {("scripted", "ada")}
    assert verify(run).holds, verify(run).problems


def test_at_level_1_people_write_and_no_model_is_asked_for_data(lab: Laboratory) -> None:
    with at_the_desk(lab.folder / "run", honest):
        report = lab.run("run", level=1, operators=["bank"], policies={"rewriting": {"growing": 9.0}})
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        assert any(f.verified for _, _, f in journal.judged("gate")), "challengers are raced by the model"
    assert {(e.origin, e.model, e.level) for e in run.memory()} == {("person", "", 1)}
    assert "attempt" not in {line.node for line in report.usage}
    assert verify(run).holds, verify(run).problems


def test_at_level_2_a_machine_cleans_what_people_wrote_and_they_verify_it(lab: Laboratory) -> None:
    def cleaner(body: Any) -> str:
        asked: str = body["messages"][-1]["content"]
        if asked.startswith("Task: "):
            return asked.rpartition("Answer: ")[2].strip().lower()
        return "unknown"

    lab.model.answer = cleaner
    with at_the_desk(lab.folder / "run", honest):
        lab.run("run", level=2, environment=SEEDED, budget={"iterations": 1})
    run = open_run(lab.folder / "run")
    assert {q.prompt for q in JournalReader(run.place.journal).questions()} <= {e.prompt for e in run.memory(0)}
    cleaned = [e for e in run.memory() if e.origin == "cleaned"]
    assert cleaned, "what was cleaned and verified takes the place of what it was made of"
    assert all(e.level == 2 and e.reviewer == "ada" for e in cleaned)
    assert verify(run).holds, verify(run).problems


def test_at_level_2_there_has_to_be_something_that_people_wrote(lab: Laboratory) -> None:
    with pytest.raises(ConfigError, match=r"holds nothing of theirs; bring exemplars .* or run at level 3"):
        lab.run("run", level=2)


def test_at_level_4_people_judge_a_sample_of_the_sealed_test(lab: Laboratory) -> None:
    lab.run("run", level=4, review={"sample": 5})
    waiting = read_queue(open_run(lab.folder / "run")).open
    assert [q.kind for q in waiting] == ["evaluate"] * 5
    assert all(q.verified is None and not q.feedback for q in waiting), "they are to judge without the environment"


@pytest.mark.thorough
def test_the_report_says_how_far_people_agree_with_the_environment(
    lab: Laboratory, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = lab.run("run", level=4, review={"sample": 6})
    assert report.agreement == Agreement(asked=6, judged=0, too_strict=0, too_lax=0, share=None)
    assert "none of 6 answers" in burnish("report", lab.folder / "run").out
    run = open_run(lab.folder / "run")
    right = [q.answer == code_of(q.prompt) for q in read_queue(run).open[:5]]
    keys = ["r" if right[0] else "a", *("a" if known else "r" for known in right[1:]), "q"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(keys)))
    assert review(run, "ada").settled == 5
    agreement = run.report().agreement
    assert agreement
    assert (agreement.asked, agreement.judged) == (6, 5)
    assert (agreement.too_strict, agreement.too_lax) == ((0, 1) if right[0] else (1, 0))
    assert agreement.share == wilson(4, 5)
    shown = burnish("report", lab.folder / "run").out
    assert "on 4 of 5 answers" in " ".join(shown.split())
    assert "burnish review" in shown
    assert verify(run).holds, verify(run).problems


@pytest.mark.thorough
def test_levels_5_and_6_ask_nobody(lab: Laboratory) -> None:
    for level in (5, 6):
        lab.run(f"run{level}", level=level)
        assert read_queue(open_run(lab.folder / f"run{level}")).open == ()


def _type(keyboard: int, keys: str) -> None:
    """Press keys, slowly enough to be told from a paste."""
    for key in keys:
        time.sleep(0.3)
        os.write(keyboard, key.encode())


@pytest.fixture
def waiting(lab: Laboratory) -> Path:
    with pytest.raises(Waiting):
        lab.run("run", level=3, review={"patience_seconds": 0})
    return lab.folder / "run"


def test_what_is_no_key_decides_nothing(waiting: Path, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = len(read_queue(open_run(waiting)).open)
    for said in ("4.5", "10", "-3", "five", "fünf", "are you sure", "really?", "0", "e\nnever ended"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{said}\n"))
        done = burnish("review", waiting, "--as", "ada")
        assert done.code == 0, done.err
        first = said.splitlines()[0]
        assert first == "e" or f"{first!r} is no key here" in done.out
    with open_run(waiting).journal() as journal:
        assert journal.decisions() == []
    assert len(read_queue(open_run(waiting)).open) == asked


def test_a_line_a_decision_where_there_is_no_terminal(
    waiting: Path, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = len(read_queue(open_run(waiting)).open)
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nreject\nx\n5\na\ne\nfirst\nsecond\n\ns\nq\n"))
    done = burnish("review", waiting, "--as", "ada", "--json")
    assert json.loads(done.out.splitlines()[-1]) == {"settled": 4, "open": asked - 4}
    decisions = JournalReader(waiting / "journal.db").decisions()
    assert [(d.action, d.answer, d.rating, d.who) for d in decisions] == [
        ("accept", "", None, "ada"),
        ("reject", "", None, "ada"),
        ("rate", "", 5, "ada"),
        ("accept", "", None, "ada"),
        ("edit", "first\nsecond", None, "ada"),
        ("skip", "", None, "ada"),
    ]
    assert all(d.when.endswith("+00:00") for d in decisions)


def test_what_waits_is_listed(waiting: Path, burnish: CommandLine) -> None:
    listed = json.loads(burnish("review", waiting, "--list").out)
    assert len(listed) == len(read_queue(open_run(waiting)).open)
    assert {"id", "prompt", "answer", "verified"} <= set(listed[0])


def test_in_a_terminal_a_key_is_enough(waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = len(read_queue(open_run(waiting)).open)
    parent, child = pty.openpty()
    with os.fdopen(child, "r") as keyboard:
        monkeypatch.setattr("sys.stdin", keyboard)
        typing = threading.Thread(target=_type, args=(parent, "arsq"))
        typing.start()
        done = review(open_run(waiting), "ada")
        typing.join()
    os.close(parent)
    assert (done.settled, done.open) == (2, asked - 2)


def test_where_nobody_is_asked_the_queue_says_so(lab: Laboratory, burnish: CommandLine) -> None:
    lab.run("run", budget={"iterations": 1})
    assert "Nothing waits for people here" in burnish("review", lab.folder / "run").out
