"""The story of an exemplar: where it comes from, where it was shown, what it brought, why it left."""

from __future__ import annotations

import pytest
from forging import Forger
from laboratory import Laboratory, query

from burnish.agent.inspecting.exemplars import exemplar_story
from burnish.agent.record.run import Run, open_run, write_report
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError
from burnish.records import ADMITTED


@pytest.fixture
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_it_names_the_answer_the_call_and_the_parents(run: Run) -> None:
    with run.journal() as journal:
        stories = [exemplar_story(journal, e.id) for e in journal.exemplars()]
    assert stories
    for story in stories:
        assert story.made_by is not None
        assert story.made_by.answer == story.exemplar.answer
        assert story.made_by.verified
        assert story.made_by.call == story.exemplar.call
        assert tuple(parent.id for parent in story.parents) == story.made_by.exemplars
        assert story.application is not None
        assert story.application.outcome == ADMITTED
        assert story.application.exemplar_id == story.exemplar.id
    assert any(story.parents for story in stories)
    assert any(story.neighbour for story in stories)


def test_every_showing_is_there_and_nothing_else(run: Run) -> None:
    with run.journal() as journal:
        told = {e.id: exemplar_story(journal, e.id).showings for e in journal.exemplars()}
        judged = [(node, n, a, f) for node in journal.nodes() for n, a, f in journal.judged(node)]
    for id_, showings in told.items():
        own = sorted((n, node, a.id) for node, n, a, _ in judged if id_ in a.exemplar_ids)
        assert sorted((one.iteration, one.node, one.attempt) for one in showings) == own
        assert [one.iteration for one in showings if one.iteration >= 0] == sorted(n for n, _, _ in own if n >= 0)
    assert any(told.values())


def test_usefulness_compares_with_answers_of_the_same_program_to_tasks_of_the_same_kind(run: Run) -> None:
    with run.journal() as journal:
        stories = [exemplar_story(journal, e.id) for e in journal.exemplars()]
    for story in stories:
        useful = story.usefulness
        assert useful.shown == sum(one.iteration >= 0 for one in story.showings)
        assert useful.verified <= useful.shown
        assert useful.compared <= useful.shown
        assert (useful.gain is None) == (not useful.others) == (not useful.compared)
        assert useful.gain is None or -1 <= useful.gain <= 1
    assert any(story.usefulness.gain is not None for story in stories)


def test_parents_and_children_agree(run: Run) -> None:
    with run.journal() as journal:
        stories = {e.id: exemplar_story(journal, e.id) for e in journal.exemplars()}
    children = {(p.id, c) for c, story in stories.items() for p in story.parents}
    assert children
    assert children <= {(p, child.id) for p, story in stories.items() for child in story.children}


def test_what_took_its_place_is_named(lab: Laboratory) -> None:
    lab.run("small", policies={"eviction": {"size": 4}}, budget={"iterations": 4})
    with open_run(lab.folder / "small").journal() as journal:
        dead = [exemplar_story(journal, id_) for id_ in journal.deaths()]
    assert dead
    for story in dead:
        assert story.death is not None
        assert story.death.reason == story.exemplar.death
        assert story.successor is None or story.successor.id == story.death.other_id


def test_an_exemplar_that_never_was_is_refused(run: Run) -> None:
    with run.journal() as journal, pytest.raises(ConfigError, match="had no exemplar deadbeef; `burnish memory`"):
        exemplar_story(journal, "deadbeef")


def test_the_index_of_showings_is_what_the_answers_say(learned: Laboratory) -> None:
    place = learned.folder / "run"
    said = query(
        place,
        "SELECT s.value, a.iteration, a.node, a.place FROM attempts a, json_each(a.body, '$.exemplar_ids') s",
    )
    kept = query(place, "SELECT exemplar, iteration, node, place FROM shown")
    assert set(said) == set(kept)
    assert kept


def test_a_run_of_before_the_index_tells_the_same(lab: Laboratory) -> None:
    lab.run("run", seed=3, budget={"iterations": 2})
    place = lab.folder / "run"
    known = query(place, "SELECT * FROM shown ORDER BY exemplar, iteration, node, place")
    answered = query(place, "SELECT * FROM answered ORDER BY task, iteration, node, place")
    query(place, "DROP TRIGGER answering")
    query(place, "DROP TABLE shown")
    query(place, "DROP TABLE answered")
    query(place, "UPDATE meta SET value = '5' WHERE key = 'schema'")
    with open_run(place).journal() as journal:
        assert journal.rows("SELECT * FROM shown ORDER BY exemplar, iteration, node, place") == known
    assert not query(place, "SELECT 1 FROM sqlite_master WHERE name = 'shown'"), "the file stays as it is"
    assert known
    Forger(open_run(place)).link_again()  # on disk it is one of today's now, with a chain as it was made then
    assert query(place, "SELECT * FROM shown ORDER BY exemplar, iteration, node, place") == known
    assert query(place, "SELECT * FROM answered ORDER BY task, iteration, node, place") == answered
    write_report(open_run(place))
    assert verify(open_run(place)).holds
