"""Judges that ask nobody: the step model, and a student of the model's ratings that outgrows them."""

from __future__ import annotations

from typing import Any

import pytest
from laboratory import CommandLine, Laboratory, chance, is_rating

from burnish.agent.record.ratings import ASKED, RATED, kept_ratings
from burnish.agent.record.run import open_run
from burnish.environments.built_in.equations import ASK, Equations
from burnish.environments.built_in.labels import Labels

STEPS: dict[str, Any] = {
    "environment": "equations",
    "environment_options": {"level": "one step"},
    "judging": {"by": "steps"},
    "operators": ["memory"],
    "retrieval": {"k": 0},
    "sampling": {"tasks": 40, "samples": 3, "temperature": 1.0},
    "sealed": {"tasks": 12},
    "budget": {"iterations": 3},
}
STUDENT: dict[str, Any] = {
    "environment": "labels",
    "judging": {"by": "student"},
    "sampling": {"tasks": 36, "samples": 2, "temperature": 1.0, "forms": False},
    "policies": {"acceptance": {"cap": 24}, "rewriting": {"trial_tasks": 4}, "rating": {"most": 36}},
    "sealed": {"tasks": 12},
    "budget": {"iterations": 4},
}


def hedging(body: Any) -> str:
    """Says so where it does not know; as a judge it is right three times of four, and hears no hedges."""
    asked = str(body["messages"][-1]["content"])
    drawn = chance(asked, body.get("seed"))
    if is_rating(body):
        task = Labels().parse(asked.removeprefix("Task: ").split("\n\nAnswer: ")[0])
        right = task is not None and f"Answer: {task.data['label']}\n" in asked
        return "5" if right == (drawn < 0.75) else "1"
    task = Labels().parse(asked)
    label = str(task.data["label"]) if task else "none"
    return label if drawn < 0.5 else f"I am not sure what this is, perhaps {drawn:.3f}"


@pytest.mark.thorough
def test_a_student_of_a_judge_that_often_errs_rates_better_than_it_and_rates_all(
    lab: Laboratory, burnish: CommandLine
) -> None:
    lab.model.answer = hedging
    report = lab.run("student", proofs=["student"], **STUDENT)
    proof = report.proofs[-1]
    assert "student of the judge's ratings" in proof.claim
    assert proof.passed, proof
    assert report.rating is not None
    assert report.rating.by == "student"
    assert report.rating.vote
    with open_run(lab.folder / "student").journal() as journal:
        asked, rated = kept_ratings(journal, ASKED), kept_ratings(journal, RATED)
        known = {a.id: i for i, a, _ in journal.judged("attempt")}
    assert len(rated) > len(asked) / 2 > 0
    assert min(known[id_] for _, _, id_ in rated) == 3, "a student rates what it did not learn from"
    said = " ".join(burnish("report", str(lab.folder / "student")).out.split())
    assert "Judge (student of the model's ratings): AUC" in said


@pytest.mark.thorough
def test_the_step_model_rates_without_a_call(lab: Laboratory) -> None:
    solve = Equations().solve

    def slipping(body: Any) -> str:
        assert not is_rating(body)
        asked = str(body["messages"][-1]["content"]).rpartition("\n\n")[2]
        task = Equations().parse(asked)
        assert task is not None
        numbers = [int(n) for n in asked.removeprefix(ASK).replace("-", " ").replace("x", " ").split() if n.isdigit()]
        return solve(task) if chance(asked, body.get("seed")) < 0.5 else f"x = {sum(numbers)}"

    lab.model.answer = slipping
    report = lab.run("steps", **STEPS)
    assert report.rating is not None
    assert report.rating.vote, report.rating


def test_a_step_model_without_right_and_wrong_steps_says_so(lab: Laboratory, burnish: CommandLine) -> None:
    lab.model.answer = lambda _: "x = 12345"  # wrong from the first step on
    report = lab.run("none", **{**STEPS, "sampling": {"tasks": 6, "samples": 2}, "budget": {"iterations": 2}})
    assert report.rating is not None
    assert report.rating.rated == 0
    assert not [body for body in lab.model.bodies if is_rating(body)]
    said = " ".join(burnish("report", str(lab.folder / "none")).out.split())
    assert "Judge (step model): rated nothing, for want of right and wrong steps that the environment labels" in said
