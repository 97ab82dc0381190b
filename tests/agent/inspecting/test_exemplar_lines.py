"""Exemplars in short say what their stories say."""

from __future__ import annotations

from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.exemplar_lines import exemplar_lines
from burnish.agent.inspecting.exemplars import exemplar_story


def test_a_line_is_the_story_in_short(learned: Laboratory) -> None:
    with open_run(learned.folder / "run").journal() as journal:
        lines = exemplar_lines(journal)
        assert [line.exemplar for line in lines] == journal.exemplars()
        for line in lines:
            told = exemplar_story(journal, line.exemplar.id)
            assert line.program == (told.made_by.program if told.made_by else "")
            assert list(line.parents) == [one.id for one in told.parents]
            assert line.neighbour == (told.neighbour.id if told.neighbour else "")
            assert line.other == (told.death.other_id if told.death else "")
            learning = [one for one in told.showings if one.iteration >= 0]
            assert line.showings == len(learning)
            assert line.right == sum(one.verified for one in learning)
    assert any(line.parents for line in lines)
    assert any(line.showings for line in lines)
