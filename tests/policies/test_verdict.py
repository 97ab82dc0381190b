from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from pairs import passes

from burnish.policies.verdict import Passed, SealedResult, verdict


def judge(
    before: Sequence[Passed], after: Sequence[Passed], *, same_program: bool = False, collapsed: bool = False
) -> SealedResult:
    return verdict(before, after, same_program=same_program, collapsed=collapsed, iterations=1)


def test_a_proved_gain_is_improved() -> None:
    assert judge(*passes(both=10, gained=20, lost=2, neither=10)).verdict == "improved"


def test_a_proved_loss_is_worse() -> None:
    result = judge(*passes(both=10, gained=2, lost=20, neither=10))
    assert result.comparison.p_value < 0.05
    assert result.verdict == "worse"
    assert "the program given out is the seed's" in result.reason


def with_missing(passed: Sequence[bool], places: range) -> list[Passed]:
    return [None if i in places else p for i, p in enumerate(passed)]


def test_a_gain_that_missing_verdicts_could_undo_is_undecided() -> None:
    seed, champion = passes(both=10, gained=9, lost=1, neither=40)
    assert judge(seed, champion).verdict == "improved"
    # the champion was not judged on ten tasks that the seed passed
    result = judge(seed, with_missing(champion, range(10)))
    assert result.verdict == "undecided"
    assert "Of 60 tasks each, the server or the environment failed on 10 of the champion" in result.reason
    assert "With all of those against the champion the verdict would be 'undecided'." in result.reason


def test_a_gain_that_holds_in_the_worst_case_is_improved() -> None:
    seed, champion = passes(both=10, gained=30, lost=1, neither=40)
    result = judge(with_missing(seed, range(78, 81)), with_missing(champion, range(2)))
    assert result.verdict == "improved"
    assert result.comparison.n == 76
    assert "failed on 3 of the seed and 2 of the champion" in result.reason


def test_a_loss_that_missing_verdicts_could_undo_is_undecided() -> None:
    seed, champion = passes(both=10, gained=1, lost=9, neither=40)
    assert judge(seed, champion).verdict == "worse"
    assert judge(with_missing(seed, range(11, 17)), champion).verdict == "undecided"


def test_too_many_missing_verdicts_say_nothing() -> None:
    seed, champion = passes(gained=60, neither=10)
    result = judge(with_missing(seed, range(15)), champion)
    assert result.verdict == "undecided"
    assert "more than 20%, so nothing can be said" in result.reason


def test_what_was_never_raced_is_undecided_and_says_why() -> None:
    result = verdict(
        [True, False], [True, False], same_program=True, collapsed=False, iterations=3, unraced="nothing was proposed"
    )
    assert result.verdict == "undecided"
    assert result.reason == "Nothing was raced, because nothing was proposed."


def test_a_gain_ruled_out_is_no_improvement() -> None:
    assert judge(*passes(both=200, gained=2, lost=2, neither=100)).verdict == "no improvement"


def test_too_little_evidence_is_undecided() -> None:
    assert judge(*passes(both=10, gained=5, lost=2, neither=10)).verdict == "undecided"


def test_the_seed_program_as_champion_is_no_improvement_whatever_its_scores() -> None:
    assert judge(*passes(gained=20), same_program=True).verdict == "no improvement"


def test_collapse_comes_before_everything() -> None:
    assert judge(*passes(gained=20), collapsed=True, same_program=True).verdict == "collapsed"


def test_controls_are_compared_and_change_nothing() -> None:
    seed, champion = passes(both=10, gained=20, lost=2, neither=10)
    controls = {"as good": champion, "as bad": seed}
    result = verdict(seed, champion, same_program=False, collapsed=False, iterations=1, controls=controls)
    assert result.verdict == "improved"
    assert not result.controls["as good"].better(0.05)
    assert result.controls["as bad"] == result.comparison


def test_without_a_finished_iteration_nothing_is_claimed() -> None:
    result = verdict([True, False], [True, False], same_program=True, collapsed=False, iterations=0)
    assert result.verdict == "undecided"
    assert "larger budget" in result.reason


@pytest.mark.parametrize("controls", [{}, {"shuffled memory": [True, False, True]}])
def test_results_survive_json(controls: dict[str, list[bool]]) -> None:
    result = verdict(
        [True, False, False],
        [True, True, False],
        same_program=False,
        collapsed=False,
        iterations=1,
        controls=controls,
    )
    assert SealedResult.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result


def test_what_no_race_has_promoted_is_proven_at_a_stricter_level() -> None:
    seed, champion = [False] * 7 + [True] * 20, [True] * 27  # p = 0.016
    raced = verdict(seed, champion, same_program=False, collapsed=False, iterations=3)
    grown = verdict(seed, champion, same_program=False, collapsed=False, iterations=3, promoted=False)
    assert (raced.verdict, grown.verdict) == ("improved", "undecided")
    assert "no race has promoted anything" in grown.reason
    plain = verdict([False] * 9 + seed, [True] * 9 + champion, same_program=False, collapsed=False, iterations=3,
                    promoted=False)  # fmt: skip
    assert plain.verdict == "improved"
    loss = verdict(champion, seed, same_program=False, collapsed=False, iterations=3, promoted=False)
    assert loss.verdict == "worse", "a loss is told of at the usual level"


def test_of_null_runs_whose_memory_grew_hardly_any_ends_as_improved() -> None:
    rng = np.random.default_rng(0)
    said = [
        verdict(*(rng.random((2, 60)) < 0.5).tolist(), same_program=False, collapsed=False, iterations=3,
                promoted=False).verdict
        for _ in range(2000)
    ]  # fmt: skip
    assert said.count("improved") / len(said) <= 0.005
    assert said.count("worse") / len(said) <= 0.025
