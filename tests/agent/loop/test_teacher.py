"""A stronger model that is asked where the task model fails."""

from __future__ import annotations

from typing import Any

import pytest
from codes import code_of
from laboratory import Body, Laboratory, is_rating, is_reflection

from burnish.agent.cli.run_lines import line_of
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify

TEACHING: dict[str, Any] = {"sampling": {"tasks": 6, "samples": 1}, "budget": {"iterations": 3}}


def asked(body: Body) -> str:
    prompt: str = body["messages"][-1]["content"]
    return prompt.rpartition("\n\n")[2]


def pupil(body: Body) -> str:
    """Knows nothing by itself; a server knows both models by name."""
    if is_rating(body) or is_reflection(body):
        return "3"
    return code_of(asked(body)) if body.get("model") == "teacher" else "no idea"


def taught(lab: Laboratory, **tables: Any) -> Any:
    lab.model.answer = pupil
    models = {"task": {"url": lab.url, "name": "pupil"}, "teacher": {"url": lab.url, "name": "teacher"}}
    return lab.run("run", models=models, **TEACHING, **tables)


def calls_of(lab: Laboratory) -> int:
    return sum(body.get("model") == "teacher" for body in lab.model.bodies)


def test_what_the_teacher_has_right_is_learned_and_says_whose_it_is(lab: Laboratory) -> None:
    report = taught(lab)
    exemplars = open_run(lab.folder / "run").memory()
    assert len(exemplars) == calls_of(lab) == 3 * 4
    assert {e.origin for e in exemplars} == {"teacher"}
    assert {line.role for line in report.usage} >= {"teacher"}
    assert verify(open_run(lab.folder / "run")).holds


@pytest.mark.parametrize("calls", [1, 5])
def test_it_is_asked_no_more_often_than_its_own_budget_allows(lab: Laboratory, calls: int) -> None:
    taught(lab, teaching={"calls": calls})
    assert calls_of(lab) == calls


def test_it_is_not_asked_where_the_model_knows_enough(lab: Laboratory) -> None:
    taught(lab, teaching={"until": 0.0})
    assert calls_of(lab) == 0


@pytest.mark.parametrize("said", ["I am sorry, but I cannot help with that.", ""])
def test_one_that_refuses_teaches_nothing(lab: Laboratory, said: str) -> None:
    lab.model.answer = lambda body: said if body.get("model") == "teacher" else pupil(body)
    models = {"task": {"url": lab.url, "name": "pupil"}, "teacher": {"url": lab.url, "name": "teacher"}}
    report = lab.run("run", models=models, **TEACHING)
    assert report.exemplars_ever == 0
    assert calls_of(lab) == 12
    assert report.verdict == "undecided"
    assert report.sealed is not None
    assert report.sealed.reason == "Nothing was raced, because no answer was ever verified."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gpt-4o", "must not train models that compete with its maker's"),
        ("somebody-7b", "may train other models or not: that is unknown"),
        ("SmolLM2-1.7B-Instruct", ""),
    ],
)
def test_what_its_answers_may_be_used_for_is_said_before_anything_is_spent(
    lab: Laboratory, name: str, said: str
) -> None:
    lab.model.answer = pupil
    lab.run("run", models={"task": {"url": lab.url}, "teacher": {"url": lab.url, "name": name}}, **TEACHING)
    (event,) = [event for event in lab.events if event.kind == "teacher"]
    assert event.requests == 0
    line = line_of("teacher", event.facts)
    assert said in line
    assert bool(line) == bool(said)
