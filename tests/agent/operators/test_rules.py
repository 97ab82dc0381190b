from __future__ import annotations

import pytest
from proposing import SEED, failures, propose, with_section

from burnish.agent.operators.rules import RulesOperator


def rules_of(*feedbacks: str, **settings: float) -> str:
    made = propose(RulesOperator(**settings), failed=failures(*feedbacks)).proposals  # type: ignore[arg-type]
    return made[0].program.prompt.text("rules") if made else ""


def test_the_lines_that_recur_become_rules_the_most_frequent_first() -> None:
    text = rules_of("be short\nuse digits", "use digits", "be short\nuse digits", "odd one")
    assert text == "Rules:\n- use digits\n- be short"


def test_a_line_counts_once_a_failure_and_must_recur() -> None:
    assert rules_of("be short\nbe short\nbe short", "other") == ""


def test_a_line_must_recur_in_its_share_of_the_failures() -> None:
    feedbacks = ["rare"] * 2 + ["common"] * 8 + ["single"] * 0
    assert rules_of(*feedbacks, share=0.5) == "Rules:\n- common"
    assert rules_of(*feedbacks, share=0.1) == "Rules:\n- common\n- rare"


def test_lines_that_are_long_or_empty_are_no_rules() -> None:
    assert rules_of("x" * 201, "x" * 201, "\n \n", "\n \n") == ""


def test_the_newest_rules_are_kept_up_to_the_cap() -> None:
    old = with_section("rules", "Rules:\n- one\n- two\n- three")
    made = propose(RulesOperator(most=3), base=old, failed=failures("four", "four")).proposals
    assert made[0].program.prompt.text("rules") == "Rules:\n- two\n- three\n- four"


def test_a_rule_that_is_known_is_not_proposed_again_but_its_removal_is() -> None:
    old = with_section("rules", "Rules:\n- be short")
    (made,) = propose(RulesOperator(), base=old, failed=failures("be short", "be short")).proposals
    assert made.description == "without rules"
    assert made.program.prompt.sections == SEED.prompt.sections


def test_without_failures_there_is_nothing_to_propose() -> None:
    assert propose(RulesOperator()).proposals == []


@pytest.mark.parametrize(
    "said", ["wrong", "The answer is not right.", "not the expected answer", "False", "0/1", "got 5"]
)
def test_what_only_says_that_an_answer_is_wrong_is_no_rule(said: str) -> None:
    assert rules_of(said, said, said) == ""
