"""A run that is killed anywhere resumes to the same end, and asks nothing twice but what was in flight."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from signal import SIGKILL

import pytest
from laboratory import Laboratory, laboratory, query
from same_end import assert_same
from strength import FULL

from burnish.agent.record.run import open_run
from burnish.errors import ConfigError

POINTS = 6 if FULL else 2
_DRAWN = random.Random("where to kill")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with an uninterrupted run in the folder `whole`."""
    with laboratory(tmp_path_factory.mktemp("resume"), latency=0.01) as made:
        made.run("whole")
        yield made


@pytest.fixture(scope="module")
def asked(reference: Laboratory) -> Counter[str]:
    """What the uninterrupted run asked."""
    assert reference.report.finished
    return reference.model.counts()


def answered(lab: Laboratory, name: str) -> int:
    (count,) = query(lab.folder / name, "SELECT COUNT(*) FROM calls WHERE state = 'done'")[0]
    return int(count)


@pytest.mark.parametrize(
    ("share", "delay"),
    # near its end a run would not wait to be killed
    [((i + _DRAWN.random()) / POINTS, _DRAWN.uniform(0, 0.03) * (i < POINTS - 1)) for i in range(POINTS)],
)
def test_killed_anywhere_it_comes_to_the_same_end(
    reference: Laboratory, asked: Counter[str], share: float, delay: float
) -> None:
    name = f"killed at {share}"
    at = 1 + int(share * (asked.total() - 1))
    assert reference.killed(name, at, delay=delay) == -SIGKILL
    first, done = reference.model.counts(), answered(reference, name)
    in_flight = first.total() - done
    assert 0 <= in_flight <= 16
    report = reference.resume(name)
    second = reference.model.counts()
    assert_same(open_run(reference.folder / name), report, open_run(reference.folder / "whole"))
    assert second.total() == asked.total() - done
    again = first + second - asked
    assert again.total() == in_flight
    assert max(again.values(), default=1) == 1


@pytest.mark.thorough
def test_killed_again_and_again_it_comes_to_the_same_end(reference: Laboratory, asked: Counter[str]) -> None:
    for at in (30, 30, 30, 30):
        assert reference.killed("again", at) == -SIGKILL
    report = reference.resume("again")
    assert_same(open_run(reference.folder / "again"), report, open_run(reference.folder / "whole"))
    lost = query(reference.folder / "again", "SELECT COUNT(*) FROM calls WHERE state = 'lost'")[0][0]
    assert answered(reference, "again") == asked.total()
    assert report.total.calls == asked.total() + lost


def test_killed_over_a_chroma_index_it_comes_to_the_same_end(reference: Laboratory, asked: Counter[str]) -> None:
    assert reference.killed("chroma", int(0.6 * asked.total()), memory={"index": "chroma"}) == -SIGKILL
    report = reference.resume("chroma")
    assert_same(open_run(reference.folder / "chroma"), report, open_run(reference.folder / "whole"))


def test_a_finished_run_asks_nothing(reference: Laboratory) -> None:
    report = reference.resume("whole")
    assert reference.model.bodies == []
    assert report.same_outcome(reference.report)
    assert report.total == reference.report.total


def test_a_larger_budget_continues_a_run_that_is_not_sealed(reference: Laboratory, asked: Counter[str]) -> None:
    assert reference.killed("longer", 20, budget={"iterations": 1}) == -SIGKILL
    report = reference.resume("longer", iterations=3)
    assert [r.number for r in report.iterations] == [0, 1, 2, 3]
    assert open_run(reference.folder / "longer").config.budget.iterations == 3


def test_once_the_sealed_test_has_begun_a_larger_budget_only_completes_it(reference: Laboratory) -> None:
    one = {"iterations": 1}
    whole = reference.run("short", budget=one)
    in_short = len(reference.model.bodies)
    assert reference.killed("begun", in_short - 5, budget=one) == -SIGKILL
    report = reference.resume("begun", iterations=3)
    assert [r.number for r in report.iterations] == [0, 1]
    assert report.sealed == whole.sealed
    assert reference.resume("begun").seconds == report.seconds


def test_a_larger_budget_does_not_open_the_sealed_test_again(reference: Laboratory) -> None:
    before = reference.run("sealed", budget={"iterations": 1})
    reference.model.clear()
    with pytest.raises(ConfigError, match="its sealed test has been opened"):
        reference.resume("sealed", iterations=3)
    assert reference.model.bodies == []
    after = open_run(reference.folder / "sealed")
    assert after.report() == before
    assert after.config.budget.iterations == 1
