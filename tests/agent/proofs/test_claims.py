"""Claims: passed where the interval lies beyond its bound, with regard to how many are made."""

from __future__ import annotations

from functools import partial

import pytest

from burnish.agent.proofs.base import corrected, counted, difference, measured, missing
from burnish.policies.statistics import Interval, paired_bootstrap, wilson
from burnish.records import Proof
from burnish.types import Attempt, Feedback


def claim(successes: int, of: int = 60) -> Proof:
    return measured("m", "c", lambda level: wilson(successes, of, level=level), "", above=0.5)


def test_a_claim_alone_passes_where_its_interval_lies_beyond_the_bound() -> None:
    assert claim(39).passed
    assert not claim(37).passed
    below = measured("m", "c", lambda level: wilson(10, 60, level=level), "", below=0.5)
    assert below.passed


def test_the_same_claim_among_many_needs_more() -> None:
    proofs = corrected([claim(39), *[claim(30)] * 9])
    assert [proof.passed for proof in proofs] == [False] * 10
    assert corrected([claim(50), *[claim(30)] * 9])[0].passed


def test_what_is_counted_out_or_missing_takes_no_part_in_the_correction() -> None:
    seen = counted("m", "all", wilson(3, 3), passed=True, detail="3 of 3")
    none = missing("m", "c", "nothing")
    assert corrected([seen, none, claim(39)]) == [seen, none, claim(39)]


@pytest.mark.parametrize(("tasks", "passed"), [(3, False), (40, True)])
def test_a_bootstrap_of_a_few_tasks_that_are_all_alike_proves_nothing(tasks: int, *, passed: bool) -> None:
    change = partial(_change, [0.0] * tasks, [1.0] * tasks)
    assert measured("m", "c", change, "", above=0.0, resampled=tasks).passed is passed


def _change(before: list[float], after: list[float], level: float) -> Interval:
    return paired_bootstrap(before, after, seed=0, level=level)


def test_no_worse_is_shown_by_a_margin_and_never_by_a_lack_of_evidence() -> None:
    def judged(right: int, of: int) -> list[tuple[Attempt, Feedback]]:
        return [(Attempt(f"t{i}", 0, "a", "p", "m"), Feedback(float(i < right), verified=i < right)) for i in range(of)]

    few, many = (difference("m", "c", judged(n // 2, n), judged(n // 2, n), "", above=-0.1) for n in (6, 240))
    assert not few.passed
    assert many.passed
