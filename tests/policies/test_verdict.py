from __future__ import annotations

import json

import pytest
from pairs import passes

from burnish.policies.verdict import SealedResult, verdict


def judge(
    before: list[bool], after: list[bool], *, same_program: bool = False, collapsed: bool = False
) -> SealedResult:
    return verdict(before, after, same_program=same_program, collapsed=collapsed, iterations=1)


def test_a_proved_gain_is_improved() -> None:
    assert judge(*passes(both=10, gained=20, lost=2, neither=10)).verdict == "improved"


def test_a_proved_loss_is_no_improvement() -> None:
    result = judge(*passes(both=10, gained=2, lost=20, neither=10))
    assert result.comparison.p_value < 0.05
    assert result.verdict == "no improvement"


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
    result = verdict(seed, champion, same_program=False, collapsed=False, iterations=1, control_passes=controls)
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
        control_passes=controls,
    )
    assert SealedResult.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result
