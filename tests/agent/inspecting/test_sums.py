"""Ratings count each answer once, yields are means with intervals, and spend adds up in every view."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from laboratory import Laboratory, query

from burnish.agent.inspecting.overviews import LOST, CellHistory, regained_in
from burnish.agent.inspecting.ratings import BINS, rating_story, reliability
from burnish.agent.inspecting.recalled import chosen_in_words
from burnish.agent.inspecting.spent import BY, overlap_in_words, spending, spent_in_all
from burnish.agent.inspecting.trials import comparisons
from burnish.agent.inspecting.yields import OperatorYield, operators
from burnish.agent.record.ratings import Rated, as_rows
from burnish.agent.record.run import Run, open_run
from burnish.programs import Retrieval


@pytest.fixture(scope="module")
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_an_answer_that_was_rated_again_counts_once(lab: Laboratory) -> None:
    lab.run("run", budget={"iterations": 2})
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        before = rating_story(journal)
        one = before.convincing[0] if before.convincing else before.doubted[0]
    again = [Rated(one.rating, one.answer.verified, one.answer.attempt)] * 3
    query(lab.folder / "run", "INSERT INTO events VALUES (2, 9999, 'ratings', ?)", json.dumps(as_rows(again)))
    with run.journal() as journal:
        after = rating_story(journal)
    assert (after.rated, after.auc, after.reliability) == (before.rated, before.auc, before.reliability)
    assert after.ratings == before.ratings + 3
    assert f"{after.ratings} times in all" in after.counted
    assert all(some.prompt for some in (*after.convincing, *after.doubted))
    ids = [some.answer.attempt for some in after.convincing]
    assert len(ids) == len(set(ids))


def test_the_verdict_is_that_of_the_report(run: Run) -> None:
    with run.journal() as journal:
        told = rating_story(journal)
    assert told.decided == run.report().rating
    assert ("has a vote" in told.verdict) is (told.decided is not None and told.decided.vote)
    assert "the chance that a right answer is rated above a wrong one" in told.auc_in_words or told.auc is None


def test_ratings_are_put_together_over_the_range_in_use() -> None:
    few = reliability([Rated(2.0, True, "a"), Rated(4.0, False, "b"), Rated(4.0, True, "c")])
    assert [(one.said, one.rated, one.verified) for one in few] == [("2", 1, 1), ("4", 2, 1)]
    many = reliability([Rated(1.6 + n / 100, n % 2 == 0, str(n)) for n in range(60)])
    assert len(many) == BINS
    assert sum(one.rated for one in many) == 60
    assert [many[0].low, many[-1].high] == pytest.approx([1.6, 2.19])
    assert all(one.high == pytest.approx(next_.low) for one, next_ in pairwise(many))
    assert reliability([]) == ()


def test_the_gain_of_an_operator_is_that_of_its_trials(run: Run) -> None:
    with run.journal() as journal:
        told = operators(journal)
        trials = [one for one in comparisons(journal) if one.record.kind == "proposal"]
        ((made,),) = journal.rows(
            "SELECT COUNT(*) FROM calls WHERE iteration > 0 AND role = 'task'"
            " AND node IN ('rewrite', 'compare', 'gate')"
        )
    assert sum(one.tasks for one in told) == sum(len(one.record.differences) for one in trials)
    assert 0 < sum(one.calls for one in told) <= int(str(made))
    for one in told:
        assert (one.gain is None) is (one.tasks == 0)
        assert one.lower is None or one.lower <= (one.gain or 0.0) <= (one.upper or 0.0)
    assert OperatorYield("a", 1, 0, 1, 0, 0, 6, 0.0).gain_in_words == "+0.00"
    assert OperatorYield("a", 1, 0, 1, 0, 0, 6, 0.1, 0.05, 0.15).gain_in_words == "+0.10 (+0.05 to +0.15)"
    assert OperatorYield("a", 1, 0, 0, 0, 0).gain_in_words == ""


def test_spend_adds_up_to_the_same_in_every_view(run: Run) -> None:
    with run.journal() as journal:
        views = {by: spending(journal, by) for by in BY}
        overlap = overlap_in_words(journal, spent_in_all(views["node"]))
    sums = {by: spent_in_all(told) for by, told in views.items()}
    assert len({one.usage.tokens for one in sums.values()}) == 1
    assert {one.usage.calls for one in sums.values()} == {run.report().total.calls}
    for by, told in views.items():
        assert sum(one.share(sums[by]) for one in told) == pytest.approx(1)
        assert all(0 <= one.cached <= 1 for one in told)
    nodes = Counter[str]()
    for one in views["all"]:
        nodes[one.name] += one.usage.calls
    assert nodes == {one.name: one.usage.calls for one in views["node"]}
    assert all(one.role for one in views["all"])
    assert "seconds overlap" in overlap


def test_a_kind_of_tasks_that_was_lost_and_regained_says_so() -> None:
    past = [(1, 2, 1), (2, 2, 0), (3, 1, 0), (5, 1, 1), (6, LOST - 1, 0), (7, 1, 1), (8, LOST, 0)]
    assert list(regained_in(past)) == [(2, 5)]
    assert list(regained_in([(1, 9, 0), (2, 1, 1)])) == []
    told = CellHistory("a", tuple(past), 1, 8, 0, (), ((2, 5),))
    assert told.losses == "from 2, again in 5; since 8"
    assert CellHistory("a", (), None, None, 0, ()).losses == ""


def test_how_exemplars_were_chosen_is_said_in_words() -> None:
    assert "unlike those chosen before it (weight 0.2)" in chosen_in_words(Retrieval())
    assert "stands last in the prompt, next to the task" in chosen_in_words(Retrieval())
    assert "for likeness alone" in chosen_in_words(Retrieval(relevance=1.0))
    assert "stands first in the prompt" in chosen_in_words(Retrieval(order="nearest_first"))
    assert "of 16 sets" in chosen_in_words(Retrieval(policy="shelves"))
