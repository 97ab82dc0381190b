"""Races item by item, and the path of the evidence."""

from __future__ import annotations

import pytest
from laboratory import Laboratory

from burnish.agent.inspecting.races import race_story, races
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError


@pytest.fixture
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_the_evidence_of_the_items_ends_where_the_record_says(run: Run) -> None:
    with run.journal() as journal:
        stories = [race_story(journal, number) for number in dict.fromkeys(r.number for _, r in races(journal))]
    assert any(story.last.outcome == "accept" for story in stories)
    for story in stories:
        last = story.last
        assert len(story.items) >= last.tasks
        counted = story.items[: last.tasks]
        assert counted[-1].evidence == pytest.approx(last.e_value)
        assert sum(item.difference for item in counted) / last.tasks == pytest.approx(
            last.challenger_score - last.champion_score
        )
        assert (last.outcome == "accept") <= (counted[-1].evidence >= last.threshold)


def test_both_sides_of_an_item_answer_the_same_task(run: Run) -> None:
    with run.journal() as journal:
        items = [item for _, record in races(journal) for item in race_story(journal, record.number).items]
    assert items
    for item in items:
        assert item.champion.task == item.challenger.task == item.task
        assert item.champion.program != item.challenger.program


def test_a_race_that_never_was_is_refused(run: Run) -> None:
    with run.journal() as journal, pytest.raises(ConfigError, match=r"there is no race 99; this run has races 1 to \d"):
        race_story(journal, 99)


def test_where_nothing_was_raced_that_is_said(lab: Laboratory) -> None:
    lab.run("short", budget={"iterations": 1}, operators=[], memory={"follows": True})
    with open_run(lab.folder / "short").journal() as journal:
        assert races(journal) == []
        with pytest.raises(ConfigError, match="nothing was raced"):
            race_story(journal, 1)
