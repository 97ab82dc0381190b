"""What can be undone of what people decided: anything that nothing went on with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.involvement import decided, open_questions, undoable
from burnish.records import Action, Decision, Question

QUESTIONS = [
    *(Question("judge", 1, f"t{n}", "p", answer="a") for n in range(3)),
    Question("judge", 2, "t9", "p", answer="b"),
    Question("evaluate", -1, "s1", "p", answer="a"),
]


def said(place: int, action: Action) -> Decision:
    return Decision(QUESTIONS[place].id, action, "ada", "2026-01-01T00:00:00+00:00", answer="x")


def test_an_undone_decision_is_none() -> None:
    decisions = [said(0, "accept"), said(0, "undo")]
    assert decided(decisions) == {}
    assert QUESTIONS[0] in open_questions(QUESTIONS, decisions)
    assert decided([*decisions, said(0, "reject")])[QUESTIONS[0].id].action == "reject"


def test_what_a_run_went_on_with_stands() -> None:
    all_of_one = [said(place, "accept") for place in range(3)]
    assert undoable(QUESTIONS, all_of_one) == []
    assert undoable(QUESTIONS, all_of_one[:2]) == [all_of_one[1], all_of_one[0]]


def test_what_was_said_of_the_sealed_test_can_always_be_undone() -> None:
    decisions = [said(4, "reject")]
    assert undoable(QUESTIONS, decisions) == decisions


ACTIONS: list[Action] = ["accept", "reject", "edit", "rate", "skip", "undo"]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(ACTIONS)), max_size=20))
def test_only_settled_questions_can_be_undone_and_then_are_open(steps: list[tuple[int, Action]]) -> None:
    decisions = [said(place, action) for place, action in steps]
    settled = decided(decisions)
    for one in undoable(QUESTIONS, decisions):
        assert settled[one.question] == one
        undone = [*decisions, Decision(one.question, "undo", "ada", one.when)]
        assert one.question in {question.id for question in open_questions(QUESTIONS, undone)}
    waiting = {question.id for question in open_questions(QUESTIONS, decisions)}
    assert waiting.isdisjoint(settled)
    assert waiting | settled.keys() == {question.id for question in QUESTIONS}
