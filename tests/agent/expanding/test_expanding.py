"""Tasks that a run makes itself: checked by the environment, with their author, and of the train split alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from laboratory import Laboratory, chance

from burnish.agent.exports.rows import rows_of
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.environments.built_in.equations import ASK, Equations
from burnish.environments.built_in.labels import Labels

HELPERS = Path(__file__).parents[2] / "helpers"
READER = Labels()
SETTINGS: dict[str, Any] = {
    "environment": "labels",
    "environment_options": {"level": "easy"},
    "budget": {"iterations": 2},
    "sampling": {"forms": False},
}


def writer(body: Any) -> str:
    """Knows the labels half the time, and writes a new text where it is asked for a task."""
    system: str = body["messages"][0]["content"]
    asked: str = body["messages"][-1]["content"]
    if system.startswith("You write tasks."):
        text, _, question = asked.rpartition("\n")
        number = int(chance(asked, body.get("seed")) * 4)
        return (
            f"{text} It was that way in {body['seed'] % 97} towns.\n{question}",
            "I'm sorry, I cannot write that.",
            asked,
            "a text of no label at all",
        )[number]
    if system.startswith("You are given an answer"):
        shown = [m["content"] for m in body["messages"] if m["role"] == "assistant"]
        return f"On day {body['seed'] % 89}: {shown[0]}" if shown else "nothing"
    if system.startswith("You rate answers."):
        return "3"
    task = READER.parse(asked.split("\n\nHint: ", maxsplit=1)[0])
    if "Hint: " in asked:
        return asked.rpartition(" ")[2]
    right = str(task.data["label"]) if task else "none"
    return right if chance(asked, body.get("seed")) < 0.5 else "wrong"


def test_evolved_tasks_are_checked_and_say_where_they_come_from(lab: Laboratory) -> None:
    lab.model.answer = writer
    lab.run("run", **SETTINGS, expanding={"methods": ["evol"], "drafts": 12})
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        made = [task for task in journal.tasks().values() if task.origin == "evolved"]
        drafts = [body for _, kind, body in journal.events() if kind == "draft"]
        parents = journal.tasks()
    assert made
    for task in made:
        assert task.split == "train"
        assert task.author == "scripted"
        assert task.generation == parents[task.parent].generation + 1
        assert re.fullmatch("evol (constraint|deepen|concretise|reasoning|complicate|widen)", task.operator)
        assert READER.solve(task)
    reasons = {str(body["refused"]) for body in drafts}  # type: ignore[index, call-overload]
    assert {"", "a refusal", "no information gained", "the environment reads no task in it"} <= reasons
    assert len(drafts) == 24
    assert verify(run).holds, verify(run).problems


def test_evolved_tasks_that_are_held_out_or_have_no_answer_or_two_are_refused(lab: Laboratory) -> None:
    reader = Equations(level="one step")
    sealed = next(iter(reader.tasks("test", 0))).prompt
    drafts = [sealed, f"{ASK}x * x = 4", f"{ASK}0 * x = 1", f"{ASK}x = x"]

    def copying(body: Any) -> str:
        if body["messages"][0]["content"].startswith("You write tasks."):
            return drafts[int(body["seed"]) % len(drafts)]
        task = reader.parse(body["messages"][-1]["content"])
        return (reader.solve(task) or "") if task else "3"

    lab.model.answer = copying
    lab.run(
        "run",
        environment=f"{HELPERS / 'written_equations.py'}:WrittenEquations",
        budget={"iterations": 1},
        expanding={"methods": ["evol"], "drafts": 24},
    )
    with open_run(lab.folder / "run").journal() as journal:
        refused = Counter(str(body["refused"]) for _, kind, body in journal.events() if kind == "draft")  # type: ignore[index, call-overload]
        assert not [task for task in journal.tasks().values() if task.origin == "evolved"]
    assert refused["it belongs to the tasks that are held out"], refused
    assert refused["the environment reads no task in it"] > refused["it belongs to the tasks that are held out"]
    assert sum(refused.values()) == 24


def test_backtranslated_tasks_have_the_answer_they_were_written_for(lab: Laboratory) -> None:
    lab.model.answer = writer
    lab.run("run", **SETTINGS, expanding={"methods": ["backtranslation"], "drafts": 8})
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        made = {task.id: task for task in journal.tasks().values() if task.origin == "augmented"}
        rows = [row for row in rows_of(journal, level=6) if row.task.id in made]
    written_for = [row for row in rows if row.origin == "augmented"]
    assert {row.task.id for row in written_for} == set(made) != set()
    assert all(row.verified and row.authors == ("scripted",) for row in written_for)
    assert verify(run).holds, verify(run).problems


def test_below_level_6_a_run_makes_no_tasks(lab: Laboratory) -> None:
    lab.model.answer = writer
    lab.run("run", **SETTINGS, level=5, expanding={"methods": ["evol"]})
    with open_run(lab.folder / "run").journal() as journal:
        assert {task.origin for task in journal.tasks().values()} == {""}


def test_a_hint_helps_and_is_not_learned(lab: Laboratory) -> None:
    def ignorant(body: Any) -> str:
        asked = body["messages"][-1]["content"]
        return writer(body) if "Hint: " in asked else "wrong"

    lab.model.answer = ignorant
    lab.run("run", **{**SETTINGS, "sampling": {"forms": False, "hints": 4}})
    run = open_run(lab.folder / "run")
    learned = [exemplar for exemplar in run.memory() if exemplar.origin == "hinted"]
    assert learned
    assert not any("Hint" in exemplar.prompt for exemplar in run.memory())
    assert verify(run).holds, verify(run).problems
    with run.journal() as journal:
        assert all(tally.solved == 0 for tally in _tallies(journal).values())


def _tallies(journal: Any) -> Any:
    from burnish.agent.record.history import History

    history = History()
    for record in journal.iterations():
        history.absorb(record, journal)
    return history.task_cells
