"""Tables over a whole run agree with its records."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from laboratory import Laboratory, query

from burnish.agent.inspecting.diversity import diversity, nearest_pairs
from burnish.agent.inspecting.exemplars import exemplar_story
from burnish.agent.inspecting.lineage import lineage
from burnish.agent.inspecting.listing import remembered
from burnish.agent.inspecting.overviews import cells
from burnish.agent.inspecting.programs import program_story, words
from burnish.agent.inspecting.ratings import rating_story
from burnish.agent.inspecting.recalled import recall
from burnish.agent.inspecting.refused import refusals
from burnish.agent.inspecting.runs import NAMED, compare_runs
from burnish.agent.inspecting.spent import spending
from burnish.agent.inspecting.tasks import task_lines, task_story
from burnish.agent.inspecting.yields import operators
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError
from burnish.records import ADMITTED
from burnish.types import Usage


@pytest.fixture
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_refusals_are_ranked_and_complete(run: Run) -> None:
    with run.journal() as journal:
        told = refusals(journal)
        known = Counter(a.outcome for _, a in journal.applicants() if a.outcome != ADMITTED)
        assert {one.reason for one in told} == set(known)
        assert all(one.answers <= known[one.reason] for one in told)
        assert [one.answers for one in told] == sorted((one.answers for one in told), reverse=True)
        assert all(journal.verdicts(one.examples) for one in told)
    assert told


def test_kinds_of_tasks_say_when_they_were_first_solved_and_whether_that_was_lost(run: Run) -> None:
    with run.journal() as journal:
        told = {one.cell: one for one in cells(journal)}
        told_of = [one for node in journal.nodes() for one in journal.judged(node) if one[0] > 0]
        judged = [(n, journal.task(a.task_id).cell, f.verified) for n, a, f in told_of]
    assert set(told) == {cell for _, cell, _ in judged}
    for cell, history in told.items():
        solved = [n for n, c, verified in judged if c == cell and verified]
        assert history.first_solved == min(solved, default=None)
        assert sum(tried for _, tried, _ in history.iterations) == sum(c == cell for _, c, _ in judged)
        assert history.lost is None or history.lost > max(solved)


def test_what_operators_yield_counts_each_race_once(run: Run) -> None:
    with run.journal() as journal:
        told = {one.operator: one for one in operators(journal)}
        records = journal.iterations()
    gates = {g.number: g for r in records for g in r.gates}
    assert sum(one.raced for one in told.values()) == len(gates)
    assert sum(one.accepted for one in told.values()) == sum(g.outcome == "accept" for g in gates.values())
    assert sum(one.proposed for one in told.values()) == sum(len(r.proposals) for r in records)


@pytest.mark.parametrize("by", ["role", "node", "iteration"])
def test_spending_adds_up(run: Run, by: str) -> None:
    with run.journal() as journal:
        assert sum((one.usage for one in spending(journal, by)), Usage()).calls == journal.spent().calls
        with pytest.raises(ValueError, match="by role, node or iteration"):
            spending(journal, "colour")


def test_ratings_say_how_well_they_are_calibrated_and_which_wrong_answers_convinced(run: Run) -> None:
    with run.journal() as journal:
        told = rating_story(journal)
    assert told.rated == sum(one.rated for one in told.reliability) > 0
    assert all(not one.answer.verified for one in told.convincing)
    assert all(one.answer.verified for one in told.doubted)
    marks = [one.rating for one in told.convincing]
    assert marks == sorted(marks, reverse=True)


def test_a_program_tells_its_ancestors_races_and_changes(run: Run) -> None:
    with run.journal() as journal:
        accepted = next(g for r in journal.iterations() for g in r.gates if g.outcome == "accept")
        story = program_story(journal, accepted.challenger_id)
        nodes = {node.program: node for node in lineage(journal)}
    assert accepted in story.races
    assert {one.outcome for one in nodes.values()} >= {"champion"}
    assert all(not node.parent or node.parent in nodes for node in nodes.values())
    with run.journal() as journal, pytest.raises(ConfigError, match="has no program nothing; `burnish lineage`"):
        program_story(journal, "nothing")


def test_words_of_two_texts_are_told_apart() -> None:
    found = [(one.change, one.text) for one in words("Reply with a code.", "Reply with one code.")]
    assert found == [("same", "Reply with "), ("gone", "a"), ("new", "one"), ("same", " code.")]
    assert [one.change for one in words("", "new text")] == ["new"]


def test_tasks_count_their_answers(run: Run) -> None:
    with run.journal() as journal:
        lines = {one.id: one for one in task_lines(journal)}
        judged = Counter(a.task_id for node in journal.nodes() for _, a, _ in journal.judged(node))
        assert {id_: line.tried for id_, line in lines.items()} == judged
        solved = next(line for line in lines.values() if line.exemplars)
        story = task_story(journal, solved.id)
        with pytest.raises(ConfigError, match="posed no task nothing"):
            task_story(journal, "nothing")
    assert len(story.answers) == solved.tried
    assert len(story.exemplars) == solved.exemplars
    assert solved.first_solved == min(one.iteration for one in story.answers if one.verified and one.iteration >= 0)


def test_what_would_be_retrieved_is_what_was(run: Run) -> None:
    with run.journal() as journal:
        newest = journal.newest()
        shown = [(a, journal.task(a.task_id).prompt) for _, a, _ in journal.judged("sealed champion")]
    assert shown
    for attempt, prompt in shown:
        found = recall(run, prompt)
        assert found.iteration == newest
        assert tuple(one.exemplar.id for one in found.shown) == attempt.exemplar_ids
        assert all(-1 <= one.likeness <= 1 for one in found.shown)
        assert found.messages[-1].content.endswith(prompt)
    assert recall(run, "anything", at=0).shown == ()


def test_diversity_is_told_by_iteration_with_the_pairs_most_alike(run: Run) -> None:
    with run.journal() as journal:
        told = diversity(journal)
        assert [one.iteration for one in told] == [r.number for r in journal.iterations()]
    pairs = nearest_pairs(run, most=3)
    assert 0 < len(pairs) <= 3
    assert [one.likeness for one in pairs] == sorted((one.likeness for one in pairs), reverse=True)
    assert all(one.one.id != one.other.id for one in pairs)


def test_two_runs_side_by_side(learned: Laboratory, run: Run, lab: Laboratory) -> None:
    lab.run("other", seed=4, retrieval={"k": 2})
    other = open_run(lab.folder / "other")
    told = compare_runs(run, other)
    assert ("seed", "3", "4") in told.settings
    assert ("retrieval.k", "4", "2") in told.settings
    assert told.first.exemplars == told.common + told.only_first
    assert told.second.exemplars == told.common + told.only_second
    assert [len(own) for own in told.own] == [min(n, NAMED) for n in (told.only_first, told.only_second)]
    assert told.first.arms["champion"].tasks == told.second.arms["champion"].tasks == 20
    same = compare_runs(run, run)
    assert (same.settings, same.changes, same.only_first, same.only_second) == ((), (), 0, 0)


def test_letters_beyond_ascii_are_found_in_any_case(lab: Laboratory) -> None:
    lab.run("run", budget={"iterations": 2})
    known = open_run(lab.folder / "run").memory()[0]
    query(
        lab.folder / "run",
        "UPDATE exemplars SET body = json_set(body, '$.answer', ?) WHERE id = ?",
        "Ömer aß Éclairs",
        known.id,
    )
    run = open_run(lab.folder / "run")
    assert [one.exemplar.answer for one in remembered(run, search="ömer ASS éCLAIRS")] == ["Ömer aß Éclairs"]


def test_an_order_that_is_asked_for_wins_over_likeness(run: Run) -> None:
    one = remembered(run)[-1].exemplar
    likest = remembered(run, like=one.id)
    assert likest[0].exemplar.id == one.id
    oldest = remembered(run, like=one.id, order="born", limit=3)
    cosines = {one.exemplar.id: one.likeness for one in likest}
    assert oldest == [replace(one, likeness=cosines[one.exemplar.id]) for one in remembered(run, limit=3)]


def test_by_usefulness_the_most_useful_come_first_and_what_is_unknown_last(run: Run) -> None:
    gains = [one.gain.mean if one.gain else -2.0 for one in remembered(run, order="usefulness")]
    assert max(gains) > -2
    assert gains == sorted(gains, reverse=True)
    with run.journal() as journal:
        told = {one.exemplar.id: one.gain for one in remembered(run, order="usefulness")}
        for id_, gain in told.items():
            assert exemplar_story(journal, id_).usefulness.gain == (pytest.approx(gain.mean) if gain else None)
    first, second = (remembered(run, order="usefulness", limit=2, offset=n) for n in (0, 1))
    assert first[1] == second[0]
