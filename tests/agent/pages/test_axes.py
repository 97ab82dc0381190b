"""Numbers under a drawing stand in the middle of their places."""

from __future__ import annotations

from dataclasses import replace

from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.exemplars import exemplar_story
from burnish.agent.pages.axes import TICKS, showings_by_iteration, ticks


def test_ticks_are_few_and_in_the_middle() -> None:
    assert ticks(1, 4) == [(1, 12.5), (2, 37.5), (3, 62.5), (4, 87.5)]
    assert ticks(0, 0) == [(0, 50.0)]
    assert len(ticks(1, 500)) <= TICKS
    assert [number for number, _ in ticks(0, 20)] == [0, 3, 6, 9, 12, 15, 18]


def test_showings_are_counted_by_iteration_but_for_the_sealed_test(learned: Laboratory) -> None:
    with open_run(learned.folder / "run").journal() as journal:
        story = max((exemplar_story(journal, one.id) for one in journal.exemplars()), key=lambda one: len(one.showings))
    one = story.showings[0]
    right, wrong, sealed = replace(one, verified=True), replace(one, verified=False), replace(one, iteration=-1)
    assert showings_by_iteration([right, right, wrong, sealed]) == [(one.iteration, 2, 1)]
    counted = showings_by_iteration(story.showings)
    assert sum(a + b for _, a, b in counted) == sum(one.iteration >= 0 for one in story.showings)
