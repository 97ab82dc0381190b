"""The run on one page: its points are the journal's iterations, its work what is in flight."""

from __future__ import annotations

import itertools

import pytest
from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.inspecting.summary import Work, work
from burnish.errors import ConfigError
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import CallKey
from burnish.programs import Program, Prompt
from burnish.records import IterationRecord


@pytest.fixture
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


def test_the_curve_is_what_the_report_says(run: InspectedRun) -> None:
    told, report = run.summary(), run.report()
    assert [point.calls for point in told.points] == list(report.calls)
    records = report.iterations
    assert [(p.attempts, p.verified, p.remembered) for p in told.points] == [
        (r.attempts, r.verified, r.memory) for r in records
    ]
    assert [point.races for point in told.points] == [record.gates for record in records]
    assert [point.share for point in told.points] == [r.verified / r.attempts if r.attempts else None for r in records]
    with run.journal() as journal:
        prompts = [journal.champion(record.number).prompt.id for record in records]
    assert [point.promoted for point in told.points] == [
        False,
        *(a != b for a, b in itertools.pairwise(prompts)),
    ]
    assert told.verdict == report.verdict
    assert told.head == report.head
    assert len(told.sentences) == 2
    assert told.sealed is not None
    assert told.sealed.reason == told.sentences[0]


def test_a_summary_ends_where_the_scrubber_stands(run: InspectedRun) -> None:
    assert [point.iteration for point in run.summary(1).points] == [0, 1]
    with pytest.raises(ConfigError, match="there is no iteration 9"):
        run.summary(9)


async def test_work_is_told_by_node(lab: Laboratory) -> None:
    journal = Journal.open(lab.folder / "journal.db")
    try:
        program = Program(Prompt((("task", "x"),)), revision=0)
        await journal.commit_iteration(IterationRecord(0, 0, program.id), programs=[program], born=[])
        for slot in range(3):
            key = CallKey(1, "attempt", "task", "t", slot, "digest")
            await journal.add_intent(key, 0, tokens=1, usd=0.0, request="{}")
        assert work(journal) == [Work(1, "attempt", calls=0, in_flight=3, waited=0.0)]
    finally:
        journal.close()
