"""Comparing runs whose calls are bound to configurations of their own."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.record.report import Report
from burnish.agent.record.run import Run
from burnish.types import Exemplar


def unbound(exemplar: Exemplar) -> Exemplar:
    """An exemplar without the end of its call's key, by which that is bound to the configuration of its run."""
    return replace(exemplar, call=exemplar.call.rpartition("/")[0])


def assert_same(run: Run, report: Report, whole: Run) -> None:
    """That a run came to the same end as the `whole` one, by the same decisions and with the same memory."""
    assert report.same_outcome(whole.report())
    assert run.iterations() == whole.iterations()
    assert run.program() == whole.program()
    for number in range(len(whole.iterations())):
        assert [unbound(e) for e in run.memory(number)] == [unbound(e) for e in whole.memory(number)]
