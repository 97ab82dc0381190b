"""Forgeries by someone who knows how a run is written down: every one is named, with nothing but the run to look at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from codes import Codes, code_of
from forging import Forger
from laboratory import Laboratory

from burnish.agent.record.run import open_run
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.verification.verify import verify
from burnish.records import SEALED
from burnish.types import ALIVE, Attempt, Feedback

PROPOSAL: dict[str, Any] = {"operator": "reflection", "description": "invented", "score": None, "sent": False}
WRONG = Feedback(0.0, verified=False, text="the answer must be the code")


@pytest.fixture
def forger(learned: Laboratory, tmp_path: Path) -> Forger:
    return Forger(open_run(shutil.copytree(learned.folder / "run", tmp_path / "copy")))


def right(forger: Forger) -> Callable[[Attempt, Feedback], Judged]:
    """Every answer made right."""
    with forger.run.journal() as journal:
        tasks = journal.tasks()
    return lambda a, _: (replace(a, answer=code_of(tasks[a.task_id].prompt)), Feedback(1.0, verified=True))


def last(forger: Forger) -> int:
    return forger.run.iterations()[-1].number


def raced(forger: Forger) -> int:
    return next(r.number for r in forger.run.iterations() if r.gates)


def gate(forger: Forger, **changes: Any) -> None:
    forger.record(raced(forger), lambda body: body["gates"][0].update(changes))


def swap_arms(forger: Forger) -> None:
    for one, other in (("seed", "kept"), ("champion", "seed"), ("kept", "champion")):
        forger.sql("UPDATE attempts SET node = ? WHERE node = ?", f"sealed {other}", f"sealed {one}")


def swap_answers_of_arms(forger: Forger) -> None:
    with forger.run.journal() as journal:
        seed = {a.task_id: (a, f) for _, a, f in journal.judged("sealed seed")}
        champion = {a.task_id: (a, f) for _, a, f in journal.judged("sealed champion")}

    def of(answers: dict[str, Judged]) -> Callable[[Attempt, Feedback], Judged]:
        def change(attempt: Attempt, _: Feedback) -> Judged:
            other, verdict = answers[attempt.task_id]
            return replace(attempt, answer=other.answer, usage=other.usage), verdict

        return change

    forger.answers("sealed seed", SEALED, of(champion))
    forger.answers("sealed champion", SEALED, of(seed))


def drop_tasks(forger: Forger) -> None:
    """The sealed tasks that the seed passed."""
    with forger.run.journal() as journal:
        places = [p for p, (_, _, f) in enumerate(journal.judged("sealed seed")) if f.verified]
        nodes = [node for node in journal.nodes() if node.startswith("sealed ")]
    for node in nodes:
        for place in places:
            forger.sql("DELETE FROM attempts WHERE node = ? AND place = ?", node, place)


def delete_from(forger: Forger, first: int) -> None:
    for table in ("iterations", "events", "attempts", "calls", "applicants", "deaths", "tasks"):
        column = "number" if table == "iterations" else "iteration"
        forger.sql(f"DELETE FROM {table} WHERE {column} >= ?", first)
    forger.sql("DELETE FROM exemplars WHERE born >= ?", first)
    forger.sql("UPDATE exemplars SET died = ?, death = '' WHERE died >= ? AND died < ?", ALIVE, first, ALIVE)


def other_prompt(forger: Forger) -> None:
    with forger.run.journal() as journal:
        champion = journal.program(journal.iterations()[-1].champion_id)
    prompt = champion.prompt.with_section("task", "Give the code, and think first.", "reflection")
    forged = replace(champion, prompt=prompt)
    forger.sql(
        "UPDATE programs SET id = ?, body = ? WHERE id = ?", forged.id, json.dumps(forged.to_json()), champion.id
    )
    for table, column in (("iterations", "champion"), ("attempts", "program")):
        forger.sql(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", forged.id, champion.id)
    for table in ("iterations", "attempts"):
        forger.sql(f"UPDATE {table} SET body = replace(body, ?, ?)", champion.id, forged.id)


def add_exemplar(forger: Forger) -> None:
    """A right answer of a failed attempt is put in its place, and remembered."""
    forger.answers("attempt", 1, right(forger))
    with forger.run.journal() as journal:
        known = {e.task_id for e in journal.exemplars()}
        _, attempt, _ = next(j for j in journal.judged("attempt", 1) if j[1].task_id not in known)
        task, pattern = journal.task(attempt.task_id), journal.exemplars()[0]
    new = replace(pattern, task_id=task.id, prompt=task.prompt, answer=attempt.answer, born=1)
    forger.sql("INSERT INTO exemplars VALUES(?, 1, ?, '', ?)", new.id, ALIVE, json.dumps(new.to_json()))


def lose_race(forger: Forger) -> None:
    """Every answer of the challengers in races is made wrong."""
    for record in forger.run.iterations():
        for one in record.gates:
            for node in ("compare", "gate"):
                forger.answers(
                    node,
                    record.number,
                    lambda a, f, one=one: (  # type: ignore[misc]
                        (replace(a, answer="no"), WRONG) if a.program_id == one.challenger_id else (a, f)
                    ),
                )


def more_verified(forger: Forger) -> None:
    forger.answers("attempt", last(forger), right(forger))


def spoil_seed(forger: Forger) -> None:
    forger.answers("sealed seed", SEALED, lambda a, _: (replace(a, answer="no"), WRONG))


def one_more_attempt(forger: Forger) -> None:
    forger.sql(
        "INSERT INTO attempts SELECT iteration, node, place + 1000, id, program, body, verdict FROM attempts"
        " WHERE node = 'attempt' AND iteration = 1 AND place = 0"
    )


def one_attempt_less(forger: Forger) -> None:
    forger.sql("DELETE FROM attempts WHERE node = 'attempt' AND iteration = 1 AND place = 0")


def another_answer_of_a_call(forger: Forger) -> None:
    """What a call brought is changed, and nothing that came of it."""
    forger.sql(
        "UPDATE calls SET body = json_set(body, '$.text', 'other') WHERE key ="
        " (SELECT key FROM calls WHERE node = 'attempt' ORDER BY key LIMIT 1)"
    )


def call_taken_away(forger: Forger) -> None:
    forger.sql("DELETE FROM calls WHERE key = (SELECT key FROM calls WHERE node = 'attempt' ORDER BY key LIMIT 1)")


def call_too_many(forger: Forger) -> None:
    forger.sql(
        "INSERT INTO calls SELECT key || 'x', try, iteration, node, role, state, reserved_tokens, reserved_usd,"
        " prompt_tokens, completion_tokens, cached_tokens, usd, seconds, body, waited FROM calls"
        " WHERE node = 'attempt' LIMIT 1"
    )


def event_taken_away(forger: Forger) -> None:
    forger.sql("DELETE FROM events WHERE rowid IS NULL OR (iteration = 1 AND place = 0)")


def gold_of_a_task(forger: Forger) -> None:
    """A failed answer of the seed becomes the expected one."""
    with forger.run.journal() as journal:
        _, attempt, _ = next(j for j in journal.judged("sealed seed") if not j[2].verified)
    forger.sql("UPDATE tasks SET body = json_set(body, '$.data.code', ?) WHERE id = ?", attempt.answer, attempt.task_id)
    for node in ("sealed champion", "sealed seed"):
        forger.answers(
            node, SEALED,
            lambda a, f: (a, Feedback(1.0, verified=True)) if (a.task_id, a.answer) == (attempt.task_id, attempt.answer)
            else (a, f),
        )  # fmt: skip


def other_sealed_seed(forger: Forger) -> None:
    forger.fact("sealed_seed", "given: 1")


def stray_attempts(forger: Forger) -> None:
    """Verified answers under a number that no iteration has."""
    for place in range(20):
        forger.sql(
            "INSERT INTO attempts SELECT -7, 'attempt', ?, id, program, body, verdict FROM attempts"
            " WHERE json_extract(verdict, '$.verified') AND node = 'attempt' LIMIT 1",
            place,
        )


def stray_exemplar(forger: Forger) -> None:
    """A task, a right answer and an exemplar of it, before the first iteration."""
    environment = Codes()
    with forger.run.journal() as journal:
        known = journal.tasks()
        task = next(task for task in environment.tasks("train", 99) if task.id not in known)
        _, attempt, _ = journal.judged("attempt", 1)[0]
        pattern = journal.exemplars()[0]
    attempt = replace(attempt, task_id=task.id, answer=code_of(task.prompt))
    new = replace(pattern, task_id=task.id, prompt=task.prompt, answer=attempt.answer, born=-5, attempt_id=attempt.id)
    right_ = json.dumps(Feedback(1.0, verified=True).to_json())
    forger.sql("INSERT INTO tasks VALUES(?, -7, ?)", task.id, json.dumps(task.to_json()))
    forger.sql(
        "INSERT INTO attempts VALUES(-7, 'attempt', 0, ?, ?, ?, ?)",
        attempt.id, attempt.program_id, json.dumps(attempt.to_json()), right_,
    )  # fmt: skip
    forger.sql("INSERT INTO exemplars VALUES(?, -5, ?, '', ?)", new.id, ALIVE, json.dumps(new.to_json()))


def of_an_older_version(forger: Forger) -> None:
    """Said to be of an older version, whose decisions are not made again; then a race is invented."""
    forger.sql("INSERT INTO meta VALUES('begun', '4')")
    gate(forger, lower=0.5, description="a better instruction")


FORGERIES: dict[str, Callable[[Forger], object]] = {
    "arms swapped": swap_arms,
    "answers of the arms swapped": swap_answers_of_arms,
    "right answers of the seed": lambda f: f.answers("sealed seed", SEALED, right(f)),
    "wrong answers of the seed": spoil_seed,
    "sealed tasks left out": drop_tasks,
    "another sealed seed": other_sealed_seed,
    "another sealed seed in run.toml": lambda f: f.setting("seed = 0", "seed = 7"),
    "another alpha of the sealed test": lambda f: f.setting("alpha = 0.05\nseed", "alpha = 0.2\nseed"),
    "fewer sealed tasks": lambda f: f.setting("tasks = 20", "tasks = 12"),
    "another level of the gate": lambda f: f.setting("alpha = 0.05\nminimum", "alpha = 0.3\nminimum"),
    "another seed of the run": lambda f: f.setting("seed = 3", "seed = 4"),
    "more exemplars shown": lambda f: f.setting("k = 4", "k = 3"),
    "another model": lambda f: f.setting('name = ""', 'name = "gpt-9"'),
    "the last iteration deleted": lambda f: delete_from(f, last(f)),
    "all iterations but the first deleted": lambda f: delete_from(f, 2),
    "a bound of a race invented": lambda f: gate(f, lower=0.1, upper=0.2),
    "an operator of a race invented": lambda f: gate(f, operator="reflection"),
    "what a challenger changed invented": lambda f: gate(f, description="a better instruction"),
    "a threshold lowered": lambda f: gate(f, threshold=1.5),
    "another prompt of the champion": other_prompt,
    "a race lost": lose_race,
    "more attempts verified": more_verified,
    "an attempt added": one_more_attempt,
    "an attempt taken away": one_attempt_less,
    "an exemplar slipped in": add_exemplar,
    "an exemplar born earlier": lambda f: f.exemplar(lambda e: replace(e, born=e.born - 1), nth=-1),
    "an exemplar that died": lambda f: f.exemplar(lambda e: replace(e, died=e.born + 1, death="evicted")),
    "another reason of an admission": lambda f: f.exemplar(lambda e: replace(e, reason="a person liked it")),
    "another model of an exemplar": lambda f: f.exemplar(lambda e: replace(e, model="gpt-9")),
    "a rating of an exemplar": lambda f: f.exemplar(lambda e: replace(e, rating=5.0)),
    "another diversity": lambda f: f.record(last(f), lambda body: body["diversity"].update(vendi=99.0)),
    "an alarm hushed up": lambda f: f.record(last(f), lambda body: body.update(alarms=["vendi fell"], action="warm")),
    "a rating of the judge": lambda f: f.record(last(f), lambda body: body["rating"].update(auc=0.99, vote=True)),
    "a proposal invented": lambda f: f.record(
        1, lambda body: body["proposals"].append({**PROPOSAL, "program_id": body["champion_id"]})
    ),
    "fewer refusals": lambda f: f.record(last(f), lambda body: body.update(refused={})),
    "more admitted": lambda f: f.record(last(f), lambda body: body.update(admitted=99, memory=99)),
    "another temperature": lambda f: f.record(last(f), lambda body: body.update(temperature=0.1)),
    "harm hushed up": lambda f: f.record(last(f), lambda body: body.update(harmful=True)),
    "another answer of a call": another_answer_of_a_call,
    "a call taken away": call_taken_away,
    "a call too many": call_too_many,
    "an expected answer changed": gold_of_a_task,
    "another reason to stop": lambda f: f.fact("stopped", "the guard: diversity collapsed"),
    "another sum of iterations": lambda f: f.setting("iterations = 3", "iterations = 4"),
    "attempts of no iteration": stray_attempts,
    "an exemplar of no iteration": stray_exemplar,
    "an older version": of_an_older_version,
    "a showing hushed up": lambda f: f.sql("DELETE FROM shown WHERE node = 'attempt'"),
    "a broken promise hushed up": lambda f: f.fact("broken", ["verified at a reward below 1"]),
}


def test_a_cover_up_of_nothing_is_no_forgery(forger: Forger) -> None:
    forger.cover_up()
    assert verify(forger.run).problems == ()


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_named(forger: Forger, name: str) -> None:
    FORGERIES[name](forger)
    forger.cover_up()
    result = verify(forger.run)
    assert result.problems, name


def test_there_are_enough_forgeries() -> None:
    assert len(FORGERIES) >= 30


def test_with_the_head_of_the_chain_every_edit_is_named(forger: Forger) -> None:
    head = forger.run.report().head
    assert verify(forger.run, head=head).holds
    forger.sql("UPDATE calls SET prompt_tokens = prompt_tokens - 1 WHERE node = 'attempt'")
    (problem, *_) = verify(forger.run).problems
    assert "the rows of iteration 1 are not those" in problem
    forger.cover_up()
    (problem,) = verify(forger.run, head=head).problems
    assert f"not with {head}" in problem


@pytest.mark.parametrize(
    "change",
    [
        stray_attempts,
        lambda f: f.sql("INSERT INTO events VALUES(-7, 0, 'guard', '{}')"),
        lambda f: f.fact("changed", ["mine.py"]),
        lambda f: f.setting("http://127.0.0.1", "https://api.example.org"),
        lambda f: f.setting("environment_timeout = 30.0", "environment_timeout = 60.0"),
    ],
    ids=["attempts", "events", "changed", "server", "timeout"],
)
def test_with_the_head_nothing_beside_the_clock_can_be_changed(
    forger: Forger, change: Callable[[Forger], object]
) -> None:
    head = forger.run.report().head
    change(forger)
    forger.cover_up()
    assert verify(forger.run, head=head).problems


def test_of_an_unfinished_run_what_it_says_of_itself_is_compared(lab: Laboratory) -> None:
    lab.killed("run", 110, seed=3)
    forger = Forger(open_run(lab.folder / "run"))
    assert verify(forger.run).holds
    file = {"hash": "ab", "edited": False, "authors": []}
    for name, value in {"stopped": "the guard: diversity", "broken": ["x"], "program": file}.items():
        forger.fact(name, value)
        assert verify(forger.run).problems, name
        forger.sql("DELETE FROM meta WHERE key = ?", name)


def test_what_it_cannot_tell_is_a_run_forged_from_the_start(forger: Forger, learned: Laboratory) -> None:
    """Answers that a model never gave, and all that follows from them: only who kept the head can tell."""
    head = forger.run.report().head
    forged = Laboratory(forger.run.place.path.parent, learned.model, learned.url)
    honest, forged.model.answer = forged.model.answer, lambda body: code_of(body["messages"][-1]["content"])
    try:
        forged.run("forged", seed=3)
    finally:
        forged.model.answer = honest
    run = open_run(forged.folder / "forged")
    assert verify(run).holds
    assert not verify(run, head=head).holds
