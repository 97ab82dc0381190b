"""Every table as of an iteration tells what a run that ended there would have told."""

from __future__ import annotations

import pytest
from laboratory import Laboratory

from burnish import open_run
from burnish.agent.inspecting.lineage import LineageNode, in_tree
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.inspecting.overviews import shares_over, sums_over
from burnish.errors import ConfigError


@pytest.fixture(scope="module")
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


@pytest.mark.parametrize("at", [0, 1, 2])
def test_tables_end_at_an_iteration(run: InspectedRun, at: int) -> None:
    with run.journal() as journal:
        judged = [one for node in journal.nodes() for one in journal.judged(node) if 1 <= one[0] <= at]
        records = journal.iterations_within(-1, at)
        applicants = [one for number, one in journal.applicants() if number <= at and one.outcome != "admitted"]
        calls = sum(journal.calls_of(number) for number in range(at + 1))
    assert sum(tried for cell in run.cells(at) for _, tried, _ in cell.iterations) == len(judged)
    moved = [step for cell in run.cells(at) for step in cell.turnover]
    assert sum(cell.exemplars for cell in run.cells(at)) == sum(born for _, born, _ in moved)
    assert sum(born - died for _, born, died in moved) == len(run.memory(at))
    assert sum(one.answers for one in run.refusals(at)) == len(applicants)
    assert sum(one.proposed for one in run.operators(at)) == sum(len(record.proposals) for record in records)
    assert [race.number for race in run.races(at)] == sorted({gate.number for r in records for gate in r.gates})
    assert sum(one.usage.calls for one in run.spending("role", at)) == calls
    assert all(0 <= node.iteration <= at for node in run.lineage(at) if node.outcome != "control")
    assert all(line.first_solved is None or line.first_solved <= at for line in run.tasks(at))
    assert {line.split for line in run.tasks(at)} <= {"train", "validation"}


def test_an_iteration_that_there_is_not_is_refused_by_all(run: InspectedRun) -> None:
    for question in (run.cells, run.refusals, run.operators, run.races, run.lineage, run.tasks, run.ratings):
        with pytest.raises(ConfigError, match="there is no iteration 77; this run has 0 to 3"):
            question(77)


def test_the_tasks_of_the_sealed_test_stand_last(run: InspectedRun) -> None:
    splits = [line.split for line in run.tasks()]
    assert splits == sorted(splits, key=lambda split: split == "test")
    assert run.tasks(limit=5, offset=5) == run.tasks()[5:10]


def test_a_tree_keeps_every_program_below_its_parent(run: InspectedRun) -> None:
    nodes = run.lineage()
    told = in_tree(nodes)
    assert sorted(node.program for _, node in told) == sorted(node.program for node in nodes)
    depth = {"": -1} | {node.program: deep for deep, node in told}
    assert all(deep == depth[node.parent] + 1 for deep, node in told)
    deep = [LineageNode(str(n), str(n - 1) if n else "", "x", n, "", "tried", str(n)) for n in range(5000)]
    assert [depth for depth, _ in in_tree(deep)] == list(range(5000))


def test_shares_over_iterations_are_put_together_where_there_are_many() -> None:
    assert shares_over([(1, 2, 1), (3, 1, 1)], 3, most=10) == [0.5, None, 1.0]
    assert shares_over([(1, 2, 1), (2, 2, 2), (4, 1, 0)], 4, most=2) == [0.75, 0.0]
    assert shares_over([], 0, most=5) == [None]
    assert sums_over([(0, 3, 0), (1, 2, 1), (2, 2, 2), (4, 1, 0)], 4, most=2) == [(7, 3), (1, 0)]
