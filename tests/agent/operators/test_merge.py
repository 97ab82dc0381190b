"""Two programs that win different cells become one."""

from __future__ import annotations

from dataclasses import replace

from proposing import SEED, propose, with_section

from burnish.agent.operators.base import Rival
from burnish.agent.operators.merge import MergeOperator, merged
from burnish.policies.pareto import Mean
from burnish.programs import Decoding

CELLS = {"red": Mean(4, 9), "blue": Mean(4, 9), "green": Mean(4, 9)}
RED = Rival(with_section("rules", "Red is 1."), {"red": Mean(9, 9), "blue": Mean(0, 9)})
BLUE = Rival(with_section("style", "Blue is 2."), {"blue": Mean(9, 9), "green": Mean(9, 9)})


def test_the_merged_program_has_what_either_changed() -> None:
    (proposal,) = propose(MergeOperator(), cells=CELLS, rivals=[RED, BLUE]).proposals
    assert dict(proposal.program.prompt.sections) == {
        "task": "Give the code.", "rules": "Red is 1.", "style": "Blue is 2."
    }  # fmt: skip
    assert proposal.program.prompt.parent == SEED.prompt.id
    assert proposal.description == "what is better at blue, green with what is better at red"


def test_where_both_changed_the_same_the_one_counts_that_wins_more_cells() -> None:
    other = Rival(with_section("rules", "Blue is 2."), BLUE.cells)
    red = replace(RED, program=replace(RED.program, decoding=Decoding(format="json")))
    (proposal,) = propose(MergeOperator(), cells=CELLS, rivals=[red, other]).proposals
    assert proposal.program.prompt.text("rules") == "Blue is 2."
    assert proposal.program.decoding.format == "json"


def test_settings_are_merged_one_by_one() -> None:
    hot = replace(SEED, decoding=Decoding(temperature=0.5), retrieval=replace(SEED.retrieval, k=8))
    long = replace(SEED, decoding=Decoding(max_tokens=200), retrieval=replace(SEED.retrieval, k=2))
    both = merged(SEED, hot, long)
    assert (both.decoding.temperature, both.decoding.max_tokens, both.retrieval.k) == (0.5, 200, 2)
    assert both.prompt == SEED.prompt


def test_nothing_is_merged_where_fewer_than_two_win_or_it_would_be_nothing_new() -> None:
    weak = Rival(BLUE.program, {"blue": Mean(0, 9)})
    assert propose(MergeOperator(), cells=CELLS, rivals=[RED, weak]).proposals == []
    assert propose(MergeOperator(), cells=CELLS, rivals=[]).proposals == []
    whole = Rival(merged(SEED, RED.program, BLUE.program), {"green": Mean(0, 9)})
    assert propose(MergeOperator(), cells=CELLS, rivals=[RED, BLUE, whole]).proposals == []
    known = merged(SEED, RED.program, BLUE.program).variant
    assert propose(MergeOperator(), cells=CELLS, rivals=[RED, BLUE], proposed=[known]).proposals == []
    same = Rival(RED.program, BLUE.cells)
    assert propose(MergeOperator(), cells=CELLS, rivals=[RED, same]).proposals == []
