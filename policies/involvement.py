"""How much people have a part in what is learned: the six levels, from all of it to none of it.

1 people write it, 2 a machine cleans what they wrote and they verify it, 3 it is generated and they judge every
answer, 4 it is judged by machine and evaluated on a small set that they judge, 5 it is evaluated by machine too, 6 the
run poses tasks of its own besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from burnish.records import Decision, Question

JUDGED = 3
"""The level of an answer of the model that a person, and nobody else, judged."""


def written_by_people(level: int) -> bool:
    """Whether people write the answers."""
    return level == 1


def cleaned_by_machine(level: int) -> bool:
    """Whether a machine cleans what people wrote."""
    return level == 2


def judged_by_people(level: int) -> bool:
    """Whether a person, and nobody else, says what may be learned."""
    return level in {2, 3}


def seen_by_people(level: int) -> bool:
    """Whether nothing is learned but what people wrote or judged."""
    return level <= 3


def evaluated_by_people(level: int) -> bool:
    """Whether people judge a sample of the sealed test."""
    return level == 4


def decided(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """By question the decision that counts: the last one that settles it, unless that was undone."""
    found: dict[str, Decision] = {}
    for decision in decisions:
        if decision.action == "undo":
            found.pop(decision.question, None)
        elif decision.settles:
            found[decision.question] = decision
    return found


def undoable(questions: Sequence[Question], decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions that can still be undone, the newest first. A run goes on once all that it asked at a time is
    settled; so those can be beside which something is still open, and all on the sealed test, which nothing waits for.
    """
    by_id = {question.id: question for question in questions}
    waiting = {(one.iteration, one.kind) for one in open_questions(questions, decisions)}
    order = {decision.question: number for number, decision in enumerate(decisions)}
    found = [
        decision
        for id_, decision in decided(decisions).items()
        if (asked := by_id.get(id_)) and (asked.kind == "evaluate" or (asked.iteration, asked.kind) in waiting)
    ]
    return sorted(found, key=lambda one: -order[one.question])


def open_questions(questions: Sequence[Question], decisions: Sequence[Decision]) -> list[Question]:
    """What is still to be answered, those that were skipped last."""
    settled = decided(decisions)
    skipped = {d.question: number for number, d in enumerate(decisions) if d.action == "skip"}
    left = [question for question in questions if question.id not in settled]
    return sorted(left, key=lambda question: skipped.get(question.id, -1))
