"""Programs: what was seen of them, task by task."""

from __future__ import annotations

import pytest
from laboratory import Laboratory

from burnish.agent.inspecting.programs import ProgramStory, program_story
from burnish.agent.record.run import open_run


@pytest.fixture
def stories(learned: Laboratory) -> list[ProgramStory]:
    with open_run(learned.folder / "run").journal() as journal:
        ids = [row["id"] for row in journal.named_rows("SELECT id FROM programs ORDER BY id")]
        return [program_story(journal, id_) for id_ in ids]


def test_a_trial_is_told_task_by_task(stories: list[ProgramStory]) -> None:
    trials = [trial for story in stories for trial in story.trials]
    assert {trial.kind for trial in trials} >= {"race", "earlier memory"}
    for trial in trials:
        assert len(trial.items) == trial.tasks
        assert sum(item.difference for item in trial.items) == pytest.approx(trial.gain * trial.tasks)
        for item in trial.items:
            assert item.own.task == item.beside.task == item.task
            assert item.beside.program == trial.beside
            assert item.difference == item.own.reward - item.beside.reward


def test_a_proposal_that_was_never_tried_shows_on_which_tasks_it_failed(stories: list[ProgramStory]) -> None:
    useless = [story for story in stories if any(one.useless for one in story.proposals)]
    assert useless
    for story in useless:
        assert story.looks
        assert not any(answer.verified for answer in story.looks)
