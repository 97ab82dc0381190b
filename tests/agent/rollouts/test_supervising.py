"""Several answers and one that is given: by vote, or by a step model of what the environment labelled."""

from __future__ import annotations

from typing import Any

import pytest
from codes import code_of
from laboratory import Laboratory, chance, is_rating

from burnish.agent.judges.process_reward import ending, majority
from burnish.environments.built_in.equations import ASK, Equations
from burnish.errors import ConfigError

STEPS: dict[str, Any] = {
    "environment": "equations",
    "environment_options": {"level": "one step"},
    "operators": ["memory"],
    "retrieval": {"k": 0},
    "sampling": {"tasks": 40, "samples": 3, "temperature": 1.0},
    "sealed": {"tasks": 24},
    "budget": {"iterations": 2},
}


def test_the_majority_is_by_the_end_of_answers() -> None:
    assert ending("a\n b \n\n") == "b"
    assert majority(["x = 1", "so\nx = 2", "then\nx = 2"]) == 1
    assert majority(["", ""]) == 0


def wavering(body: Any) -> str:
    """Knows a code three times of five, and else says something else each time."""
    if is_rating(body):
        return "3"
    prompt = body["messages"][-1]["content"]
    drawn = chance(prompt, body.get("seed"))
    return code_of(prompt) if drawn < 0.6 else f"{drawn}"


@pytest.mark.thorough
def test_a_vote_among_several_answers_is_right_more_often_than_one(lab: Laboratory) -> None:
    lab.model.answer = wavering
    settings: dict[str, Any] = {"operators": ["rules"], "sealed": {"tasks": 24}, "budget": {"iterations": 1}}
    one = lab.run("one", decoding={"temperature": 1.0}, **settings)
    asked = len(lab.model.bodies)
    many = lab.run("many", decoding={"temperature": 1.0, "best_of": 5}, **settings)
    assert one.sealed is not None
    assert many.sealed is not None
    assert many.sealed.arms["seed"].passes > one.sealed.arms["seed"].passes
    assert len(lab.model.bodies) - asked >= 4 * 24


@pytest.mark.thorough
def test_the_step_model_finds_the_right_answer_among_wrong_ones(lab: Laboratory) -> None:
    """Most answers go wrong in one way, the inverse of what should be done, so that a vote goes wrong too."""
    solve = Equations().solve

    def slipping(body: Any) -> str:
        asked = str(body["messages"][-1]["content"])
        task = Equations().parse(asked)
        if task is None or is_rating(body):
            return "3"
        right = solve(task)
        numbers = [int(n) for n in asked.removeprefix(ASK).replace("-", " ").replace("x", " ").split() if n.isdigit()]
        wrong = f"x = {sum(numbers)}"
        return right if chance(asked, body.get("seed")) < 0.35 else wrong

    lab.model.answer = slipping
    passes = {}
    for choice in ("vote", "steps"):
        report = lab.run(choice, decoding={"temperature": 1.0, "best_of": 7, "choice": choice}, **STEPS)
        assert report.sealed is not None
        passes[choice] = report.sealed.arms["champion"].passes
    assert passes["steps"] > passes["vote"] + 4, passes


def test_several_answers_at_temperature_0_are_refused(lab: Laboratory) -> None:
    with pytest.raises(
        ConfigError, match=r"best_of = 4 answers are the same at temperature 0; set decoding\.temperature"
    ):
        lab.config(decoding={"best_of": 4})
