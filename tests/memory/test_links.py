"""The chain of hashes over a journal stands for every row of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, laboratory, query

from burnish.agent.record.run import Run, open_run
from burnish.memory.journal import Journal
from burnish.memory.links import head_of, link, links, wrong_links
from burnish.records import SEALED


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with laboratory(tmp_path_factory.mktemp("linked")) as made:
        made.run("run", seed=3)
        yield made


@pytest.fixture
def copy(lab: Laboratory, tmp_path: Path) -> Run:
    return open_run(shutil.copytree(lab.folder / "run", tmp_path / "copy"))


def test_there_is_a_link_for_each_iteration_and_one_for_the_sealed_test(lab: Laboratory) -> None:
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        assert [one.iteration for one in links(journal)] == [*range(len(run.iterations())), SEALED]
        assert not list(wrong_links(journal))
        assert lab.report.head == head_of(journal) == links(journal)[-1].digest


COLUMNS = {
    "attempts": "verdict", "calls": "body", "events": "body", "exemplars": "death", "iterations": "body",
    "programs": "body", "tasks": "body", "applicants": "outcome",
}  # fmt: skip


@pytest.mark.parametrize("table", COLUMNS)
def test_any_row_that_is_changed_or_gone_breaks_its_link(copy: Run, table: str) -> None:
    column = COLUMNS[table]
    query(copy.place.path, f"UPDATE {table} SET {column} = {column} || ' '")
    with copy.journal() as journal:
        assert list(wrong_links(journal))


def test_facts_of_the_whole_run_are_in_the_chain_but_for_the_clock(copy: Run) -> None:
    query(copy.place.path, "UPDATE meta SET value = '99' WHERE key = 'seconds'")
    with copy.journal() as journal:
        assert not list(wrong_links(journal))
    query(copy.place.path, "UPDATE meta SET value = '\"no\"' WHERE key = 'stopped'")
    with copy.journal() as journal:
        (wrong,) = wrong_links(journal)
    assert "the sealed test" in wrong


def test_a_link_that_a_crash_left_out_is_made_when_the_run_goes_on(copy: Run) -> None:
    before = links_of(copy)
    query(copy.place.path, "DELETE FROM links WHERE number >= 2")

    async def again() -> str:
        journal = Journal.open(copy.place.journal)
        try:
            return await link(journal, finished=True)
        finally:
            journal.close()

    assert asyncio.run(again()) == before[-1]
    assert links_of(copy) == before


def links_of(run: Run) -> list[str]:
    with run.journal() as journal:
        return [one.digest for one in links(journal)]


def test_links_of_iterations_that_are_not_there_are_found(copy: Run) -> None:
    query(copy.place.path, "DELETE FROM iterations WHERE number = 2")
    with copy.journal() as journal:
        assert "the chain of hashes is not of the iterations that the journal holds" in list(wrong_links(journal))
