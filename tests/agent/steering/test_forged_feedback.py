"""Whoever forges what a client said of served answers, and covers it up, is named by `burnish verify`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from codes import code_of
from feeding import beside, text_of, word
from forging import Forger
from laboratory import Laboratory
from steered import halted

from burnish.agent.api import resume
from burnish.agent.record.run import open_run
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.steering.feedback import take_feedback
from burnish.agent.verification.verify import verify
from burnish.memory.journal import dump
from burnish.types import ALIVE, Attempt, Exemplar, Feedback

RIGHT, PARTLY, KNOWN, WRONG = range(4)
"""The lines that were taken in before the sealed test, in iteration 3."""
Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def fed(learned: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with feedback before the sealed test (3) and after it (5), which takes some back."""
    lab = Laboratory(tmp_path_factory.mktemp("fed"), learned.model, learned.url)
    run = halted(lab, 2)
    with run.journal() as journal:
        failed = {a.task_id for _, a, f in journal.judged("attempt") if not f.verified}
        fresh = sorted(failed - {one.task_id for one in run.memory()})
        first, second = (journal.task(id_).prompt for id_ in fresh[:2])
    beside(
        run,
        word(run, text_of("train"), "a", 1),
        word(run, text_of("train", 1), "b", 0.5, text="not all of it"),
        word(run, first, code_of(first), 1, text="well done"),
        word(run, second, "made up", 1),
        word(run, text_of("train", 2), "c", 1, who=""),
    )
    resume(run.place.path)
    take_feedback(run, beside(run, word(run, text_of("train", 2), "c", 0, who="", when="2031")), who="eve")
    return run.place.path


@pytest.fixture
def forger(fed: Path, tmp_path: Path) -> Forger:
    return Forger(open_run(shutil.copytree(fed, tmp_path / "copy")))


def lines(forger: Forger, change: Callable[[Lines], object], number: int = 3) -> None:
    """Change what was taken in, where the request holds it."""
    ((said,),) = forger.sql("SELECT lessons FROM by_hand WHERE iteration = ?", number)
    values = json.loads(said)
    change(values)
    forger.sql("UPDATE by_hand SET lessons = ? WHERE iteration = ?", dump(values), number)


def line(forger: Forger, place: int, **changes: Any) -> None:
    """Change one line."""
    lines(forger, lambda values: values[place].update(changes))


def attempt_of(forger: Forger, answer: str, change: Callable[[Attempt, Feedback], Judged]) -> None:
    """Change a served answer with its verdict."""
    forger.answers("feedback", 3, lambda a, f: change(a, f) if a.answer == answer else (a, f))


def other_person(forger: Forger) -> None:
    """Another reviewer in the line, the answer, the exemplar and the record."""
    line(forger, RIGHT, who="mallory")
    attempt_of(forger, "a", lambda a, f: (replace(a, reviewer="mallory"), f))
    exemplar_of(forger, "a", lambda one: replace(one, reviewer="mallory", reason=one.reason.replace("ana", "mallory")))


def exemplar_of(forger: Forger, answer: str, change: Callable[[Exemplar], Exemplar]) -> None:
    with forger.run.journal() as journal:
        nth = next(place for place, one in enumerate(journal.exemplars()) if one.answer == answer)
    forger.exemplar(change, nth=nth)


def learned_after_all(forger: Forger) -> None:
    """What was right only in part is said to be right, and was learned."""
    line(forger, PARTLY, reward=1.0)
    attempt_of(forger, "b", lambda a, f: (a, replace(f, reward=1.0, verified=True)))
    with forger.run.journal() as journal:
        like = next(one for one in journal.exemplars() if one.answer == "a")
        (attempt,) = [a for _, a, _ in journal.judged("feedback", 3) if a.answer == "b"]
    new = replace(
        like, task_id=attempt.task_id, prompt=text_of("train", 1), answer="b", reward=1.0, attempt_id=attempt.id
    )
    forger.sql("INSERT INTO exemplars VALUES(?, 3, ?, '', ?)", new.id, ALIVE, dump(new.to_json()))


def removed_wholly(forger: Forger) -> None:
    """A line that was not learned is taken out everywhere but in the events."""
    lines(forger, lambda values: values.pop(PARTLY))
    forger.sql("DELETE FROM attempts WHERE iteration = 3 AND node = 'feedback' AND body LIKE '%\"answer\":\"b\"%'")
    forger.sql("DELETE FROM applicants WHERE iteration = 3 AND place = ?", PARTLY)


def alive_after_all(forger: Forger) -> None:
    """What was taken back is said to be alive."""
    forger.sql("UPDATE exemplars SET died = ?, death = '' WHERE died = 5", ALIVE)
    forger.sql("DELETE FROM deaths WHERE iteration = 5")


FORGERIES: dict[str, Callable[[Forger], object]] = {
    "a reward that was 1": lambda f: line(f, RIGHT, reward=0.0),
    "a reward that was 0.5, and is as little": lambda f: line(f, PARTLY, reward=0.25),
    "a reward that was 0.5, and is right": lambda f: line(f, PARTLY, reward=1.0),
    "a reward of what the environment judged": lambda f: line(f, WRONG, reward=0.0),
    "another text": lambda f: line(f, PARTLY, text="all of it"),
    "another text of what the environment judged": lambda f: line(f, KNOWN, text="badly done"),
    "another time": lambda f: line(f, RIGHT, when="2001-01-01T00:00:00Z"),
    "another answer": lambda f: lines(f, lambda v: v[RIGHT]["attempt"].update(answer="z")),
    "another question": lambda f: lines(f, lambda v: v[RIGHT]["task"].update(prompt=text_of("train", 5))),
    "a line removed": lambda f: lines(f, lambda values: values.pop(RIGHT)),
    "a line removed that was not learned": lambda f: lines(f, lambda values: values.pop(PARTLY)),
    "a line removed nearly everywhere": removed_wholly,
    "a line added": lambda f: lines(f, lambda v: v.append({**v[RIGHT], "answer": "chatcmpl-new", "who": "eve"})),
    "a reviewer invented": lambda f: line(f, RIGHT, who="mallory"),
    "a reviewer invented nearly everywhere": other_person,
    "a reviewer of what the environment judged": lambda f: attempt_of(
        f, "made up", lambda a, _: (replace(a, reviewer="ana"), Feedback(1.0, verified=True))
    ),
    "a verdict of a person": lambda f: attempt_of(f, "b", lambda a, v: (a, replace(v, reward=0.75))),
    "what was said in the event": lambda f: f.sql(
        "UPDATE events SET body = json_set(body, '$[0].who', 'bob') WHERE kind = 'feedback' AND iteration = 3"
    ),
    "no event": lambda f: f.sql("DELETE FROM events WHERE kind = 'feedback' AND iteration = 3"),
    "another person in the record": lambda f: f.record(3, lambda body: body["by_hand"].update(who="bob")),
    "another source in the request": lambda f: f.sql(
        "UPDATE by_hand SET body = json_set(body, '$.source', 'nothing') WHERE iteration = 3"
    ),
    "what was right in part was learned": learned_after_all,
    "what was taken back is alive": alive_after_all,
    "the request removed": lambda f: f.sql("DELETE FROM by_hand WHERE iteration = 3"),
    "feedback that was an import": lambda f: f.sql(
        "UPDATE by_hand SET body = json_set(body, '$.action', 'import') WHERE iteration = 3"
    ),
}


def test_a_cover_up_of_nothing_is_no_forgery(forger: Forger) -> None:
    by_hand = {r.number: r for r in forger.run.iterations() if r.by_hand}
    assert {number: record.admitted for number, record in by_hand.items()} == {3: 3, 5: 0}
    assert sum(by_hand[5].died.values()) == 1
    forger.cover_up()
    assert verify(forger.run).problems == ()


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_named(forger: Forger, name: str) -> None:
    FORGERIES[name](forger)
    forger.cover_up()
    assert verify(forger.run).problems, name
