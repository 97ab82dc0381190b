"""Word problems told again: their plans stay right, and evolved ones are harder."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.built_in.retelling import OPERATORS, evolved, with_other_numbers
from burnish.environments.built_in.stories import Story
from burnish.protocols import EVOL_OPERATORS, Evolving
from burnish.types import Task

ENVIRONMENT = Arithmetic()
TASKS = list(islice(ENVIRONMENT.tasks("train", 3), 60))


def steps(task: Task) -> int:
    return len(ENVIRONMENT.solve(task).splitlines())


async def test_a_variant_has_the_same_story_and_its_plan_comes_to_its_answer() -> None:
    guarded = GuardedEnvironment(ENVIRONMENT)
    variants = [ENVIRONMENT.vary(task, 1) for task in TASKS]
    assert sum(a.cell == b.cell for a, b in zip(TASKS, variants, strict=True)) > 55
    verdicts = await guarded.judge_all([(v, ENVIRONMENT.solve(v)) for v in variants])
    assert all(verdict.verified for verdict in verdicts)
    foreign = await guarded.judge_all([(v, ENVIRONMENT.solve(t)) for t, v in zip(TASKS, variants, strict=True)])
    assert not any(verdict.verified for verdict in foreign)


@pytest.mark.parametrize("operator", EVOL_OPERATORS)
async def test_what_an_operator_makes_is_another_task_that_is_solved(operator: str) -> None:
    assert isinstance(ENVIRONMENT, Evolving)
    assert set(OPERATORS) == set(EVOL_OPERATORS)
    made = [(task, new) for task in TASKS if (new := ENVIRONMENT.evolve(task, operator, 0)) is not None]
    assert made
    assert all(old.id != new.id for old, new in made)
    verdicts = await GuardedEnvironment(ENVIRONMENT).judge_all([(new, ENVIRONMENT.solve(new)) for _, new in made])
    assert all(verdict.verified for verdict in verdicts)
    longer = {"reasoning": 1, "deepen": 1, "constraint": 1}.get(operator, 0)
    assert all(steps(new) == steps(old) + longer for old, new in made)


def test_what_does_not_fit_is_none() -> None:
    asked = Story("Four boats come in. Which is first?", "y1 = add(2, 3)", 5)
    assert evolved(random.Random(0), asked, "reasoning") is None
    assert with_other_numbers(random.Random(0), Story("Nothing is counted.", "y1 = divide(7, 2)", 3)) is None
