"""The map: one plane for the whole run, its signs fixed, its figures those of the journal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.exemplars import exemplar_story
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.inspecting.positions import projected
from burnish.types import ALIVE


@pytest.fixture
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


def test_every_exemplar_that_ever_was_has_a_place(run: InspectedRun) -> None:
    told = run.map()
    with run.journal() as journal:
        exemplars = journal.exemplars()
        stories = [exemplar_story(journal, one.id) for one in exemplars]
    assert [(p.id, p.born, p.died, p.cell) for p in told.positions] == [
        (e.id, e.born, None if e.died == ALIVE else e.died, e.cell) for e in exemplars
    ]
    assert max(max(abs(p.x), abs(p.y)) for p in told.positions) == 1
    assert [p.gain for p in told.positions] == [
        None if s.usefulness.gain is None else pytest.approx(s.usefulness.gain, abs=1e-4) for s in stories
    ]
    assert [p.showings for p in told.positions] == [story.usefulness.shown for story in stories]
    assert 0 < sum(told.explained) <= 1
    assert run.map() == told


@given(st.integers(3, 40), st.integers(2, 12), st.integers(0, 2**31))
def test_the_plane_keeps_distances_along_it_and_turns_with_nothing(n: int, d: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    plane, explained = projected(vectors)
    assert plane.shape == (n, 2)
    assert np.abs(plane).max() == pytest.approx(1)
    assert plane.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert explained[0] >= explained[1] >= 0
    shifted, _ = projected(vectors + 5)
    assert shifted == pytest.approx(plane, abs=1e-3)
    order = np.random.default_rng(seed + 1).permutation(n)
    assert projected(vectors[order])[0] == pytest.approx(plane[order], abs=1e-3)


def test_one_exemplar_or_none_is_in_the_middle() -> None:
    assert projected(np.ones((1, 4), dtype=np.float32))[0].tolist() == [[0, 0]]
    assert projected(np.empty((0, 4), dtype=np.float32))[0].shape == (0, 2)
    assert projected(np.ones((3, 4), dtype=np.float32))[0] == pytest.approx(np.zeros((3, 2)))
