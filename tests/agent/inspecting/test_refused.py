"""Refusals are counted by complaint, and each count leads to its answers."""

from __future__ import annotations

from collections import Counter

import pytest
from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.inspecting.refused import refusals, refused_answers, refused_count
from burnish.agent.record.complaints import complaints
from burnish.records import ADMITTED


@pytest.fixture(scope="module")
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


def test_each_complaint_of_an_answer_counts(run: InspectedRun) -> None:
    with run.journal() as journal:
        known = [(n, one) for n, one in journal.applicants() if one.outcome != ADMITTED]
        said = {attempt.id: feedback.text for node in journal.nodes() for _, attempt, feedback in journal.judged(node)}
        expected = Counter(
            (one.outcome, line) for _, one in known for line in complaints(said[one.attempt_id]) or ("",)
        )
        told = refusals(journal)
        assert {(one.reason, one.feedback): one.answers for one in told} == expected
        assert refused_count(journal) == len(known)
        assert len({one.id for one in told}) == len(told)


def test_each_count_leads_to_as_many_answers(run: InspectedRun) -> None:
    with run.journal() as journal:
        for one in refusals(journal):
            listed, total = refused_answers(journal, reason=one.reason, complaint=one.feedback)
            assert len(listed) == total == one.answers
            assert all(it.reason == one.reason and it.prompt and it.answer.call for it in listed)
            assert all(one.feedback in complaints(it.answer.feedback) for it in listed if one.feedback)


def test_words_are_found_in_any_case_and_pages_follow_each_other(run: InspectedRun) -> None:
    every = run.refused()
    assert run.refused("NOT  Verified") == tuple(one for one in every if "not verified" in one.reason)
    assert run.refused("never said by anybody") == ()
    assert run.refused(limit=2) + run.refused(limit=2, offset=2) == every[:4]
    assert [one.iteration for one in every] == sorted(one.iteration for one in every)
    with run.journal() as journal:
        assert len(run.refused(at=1)) == refused_count(journal, at=1)


def test_complaints_are_the_different_lines() -> None:
    assert complaints(" a  b \n\nc\na b") == ("a b", "c")
    assert complaints("") == ()
