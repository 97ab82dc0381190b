"""What became of each program is told alike whichever of its ids is asked for, and in words."""

from __future__ import annotations

import pytest
from laboratory import Laboratory

from burnish.agent.inspecting.lineage import MEANINGS, RANKS, change_in_words, lineage
from burnish.agent.inspecting.outcomes import spans
from burnish.agent.inspecting.programs import ProgramStory, program_story
from burnish.agent.inspecting.reasons import reasons_of
from burnish.agent.record.run import Run, open_run


@pytest.fixture(scope="module")
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


@pytest.fixture(scope="module")
def stories(run: Run) -> dict[str, ProgramStory]:
    with run.journal() as journal:
        ids = [row["id"] for row in journal.named_rows("SELECT id FROM programs ORDER BY id")]
        return {id_: program_story(journal, id_) for id_ in ids}


def test_every_id_of_a_proposal_tells_the_same(stories: dict[str, ProgramStory]) -> None:
    several = [one for one in stories.values() if one.proposals and len(one.ids) > 1]
    assert several
    for story in several:
        for id_ in story.ids:
            other = stories[id_]
            assert other.ids == story.ids
            assert (other.races, other.champion_in, other.sealed) == (story.races, story.champion_in, story.sealed)
            assert (other.outcome, other.trials, other.looks) == (story.outcome, story.trials, story.looks)


def test_a_challenger_tells_of_its_race_under_the_id_that_the_lineage_names(
    run: Run, stories: dict[str, ProgramStory]
) -> None:
    with run.journal() as journal:
        raced = {gate.challenger_id: gate.number for record in journal.iterations() for gate in record.gates}
        nodes = lineage(journal)
    for challenger, number in raced.items():
        (node,) = [one for one in nodes if one.program in stories[challenger].ids]
        assert number in {race.number for race in stories[node.program].races}
        assert any(f"Race {number}, as the challenger" in said for said in reasons_of(stories[node.program]).sentences)


def test_the_outcome_says_in_words_what_the_lineage_says_in_one(run: Run, stories: dict[str, ProgramStory]) -> None:
    begins = {
        "champion": "was champion ",
        "accepted": "was accepted in race ",
        "rejected": "was rejected in race ",
        "undecided": "was raced ",
        "tried": "was tried on ",
        "of no use": "was of no use: on none of ",
        "proposed": "was not tried beside the champion; ",
        "besides": "was used besides",
        "control": "was made for the sealed test",
    }
    assert set(begins) == set(RANKS) == set(MEANINGS)
    with run.journal() as journal:
        nodes = lineage(journal)
    assert {node.outcome for node in nodes} >= {"champion", "of no use"}
    for node in nodes:
        story = stories[node.program]
        assert story.outcome.startswith(begins[node.outcome]), (node, story.outcome)
        assert f"It {story.outcome}." in reasons_of(story).sentences
        if node.outcome == "of no use":
            assert f"on none of {len(story.looks)} task" in story.outcome


def test_what_is_made_of_memory_alone_is_told_by_each_id(stories: dict[str, ProgramStory]) -> None:
    seeds = [one for one in stories.values() if 0 in one.champion_in]
    assert len(seeds) > 1
    assert len({one.champion_in for one in seeds}) == 1
    arms = [set(one.sealed) for one in seeds]
    assert not any("seed" in some and "champion" in some for some in arms)


def test_iterations_in_a_row_are_one_span() -> None:
    assert spans([3]) == "in iteration 3"
    assert spans([0, 1, 2]) == "from iteration 0 to 2"
    assert spans([0, 1, 4, 6, 7]) == "from iteration 0 to 1, in iteration 4 and from iteration 6 to 7"


def test_a_swap_says_for_which() -> None:
    assert change_in_words("swap of exemplar 1f") == "swap of exemplar 1f for the one that retrieval finds next"
    assert change_in_words("answers as JSON") == "answers as JSON"
