"""The Python side: what a notebook shows, and every question as a method."""

from __future__ import annotations

import re

import pytest
from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.inspecting.rows import MOST_SHOWN, Rows, flat
from burnish.types import Message


@pytest.fixture
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


def test_every_question_has_a_method(run: InspectedRun) -> None:
    exemplar = run.memory()[0]
    assert run.show(exemplar.id).exemplar == exemplar  # type: ignore[union-attr]
    assert run.why(exemplar.id).subject == f"exemplar {exemplar.id}"
    assert run.recall(exemplar.prompt + " again").shown
    assert run.exemplars(limit=1)[0].exemplar == exemplar
    assert run.tasks(limit=2)
    assert run.ratings().rated
    assert run.nearest_pairs(most=1)
    assert run.compare(run).settings == ()
    for rows in (run.cells(), run.refusals(), run.operators(), run.lineage(), run.spending(), run.diversity()):
        assert rows
        assert rows._repr_html_().count("<tr>") == 1 + len(rows)


def test_what_a_notebook_shows_is_escaped_and_bounded() -> None:
    many = Rows([Message("user", f"<script>alert({n})</script>") for n in range(MOST_SHOWN + 2)])
    html = many._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(0)" in html
    assert html.count("<tr>") == 1 + MOST_SHOWN
    assert "2 more" in html


def test_reasons_are_a_list_in_a_notebook(run: InspectedRun) -> None:
    told = run.why("race 1")
    assert re.match(r"<p><b>race 1</b></p><ul><li>Race 1: ", told._repr_html_())
    assert told._repr_html_().count("<li>") == len(told.sentences)


def test_nested_records_become_columns() -> None:
    assert flat({"a": 1, "b": {"c": 2, "d": {"e": [3]}}}) == {"a": 1, "b.c": 2, "b.d.e": [3]}
