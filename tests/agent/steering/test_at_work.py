"""A change by hand beside a process at work, or in a run that was broken off, waits until what was begun is done."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from codes import Codes
from laboratory import Laboratory, query
from steered import halted

from burnish.agent.api import resume
from burnish.agent.record.run import Run, open_run
from burnish.agent.steering.forgetting import forget, pin
from burnish.agent.steering.ordering import Steered
from burnish.agent.steering.returning import rollback
from burnish.agent.verification.verify import verify
from burnish.memory.links import links
from burnish.records import SEALED
from burnish.types import Split, Task


def actions(run: Run) -> list[str]:
    """What each iteration was: learning, or the change by hand."""
    return [r.by_hand.action if r.by_hand else "learning" for r in run.iterations()[1:]]


def test_between_two_iterations_a_change_is_made_at_once_and_the_run_goes_on_after_it(lab: Laboratory) -> None:
    run = halted(lab, 2)
    one = run.memory()[0]
    done = forget(run, [one.id], because="wrong")
    assert done.record is not None
    assert done.record.number == 3
    report = resume(run.place.path)
    assert actions(run) == ["learning", "learning", "forget", "learning"], "it does not count against the budget"
    assert report.finished
    assert not report.since_sealed
    assert (one.lesson, one.answer) not in {(e.lesson, e.answer) for e in run.memory()}
    assert verify(run).problems == ()


def test_after_a_rollback_the_run_goes_on_from_there(lab: Laboratory) -> None:
    run = halted(lab, 2)
    rollback(run, to=1)
    then = {(e.lesson, e.answer) for e in run.memory(1)}
    resume(run.place.path)
    assert {(e.lesson, e.answer) for e in run.memory(3)} == then
    assert then < {(e.lesson, e.answer) for e in run.memory()}
    assert verify(run).problems == ()


def test_an_unfinished_run_that_was_changed_holds_too(lab: Laboratory) -> None:
    run = halted(lab, 2)
    forget(run, [run.memory()[0].id], because="wrong")
    assert verify(run).problems == ()


def test_beside_a_process_at_work_it_is_queued_and_made_before_the_next_iteration(lab: Laboratory) -> None:
    seen: list[Steered] = []

    def steer(request: int) -> None:
        run = open_run(lab.folder / "run")
        if not seen and len(run.iterations()) == 3:
            seen.append(forget(run, [run.memory()[0].id], because="wrong"))

    lab.model.watch = steer
    report = lab.run("run", seed=3)
    run = open_run(lab.folder / "run")
    assert seen[0].record is None
    assert "process" in seen[0].waits_for
    assert actions(run) == ["learning", "learning", "learning", "forget"]
    assert report.since_sealed == ()
    assert verify(run).problems == ()


def test_during_the_sealed_test_it_is_queued_and_made_after_it(lab: Laboratory) -> None:
    seen: list[Steered] = []

    def steer(request: int) -> None:
        run = open_run(lab.folder / "run")
        with run.journal() as journal:
            sealed = bool(journal.tries(SEALED))
        if sealed and not seen:
            seen.append(rollback(run, to=1, because="2 and 3 were bad"))

    lab.model.watch = steer
    report = lab.run("run", seed=3)
    run = open_run(lab.folder / "run")
    assert report.since_sealed == (4,)
    assert run.report() == report
    with run.journal() as journal:
        assert [one.iteration for one in links(journal)] == [0, 1, 2, 3, SEALED, 4]
    assert verify(run).problems == ()


IN_FLIGHT = 4
"""Calls that may have been under way when a process was killed."""


def test_in_a_run_that_was_killed_within_an_iteration_that_is_finished_first(lab: Laboratory) -> None:
    lab.killed("run", 40, seed=3)
    run = open_run(lab.folder / "run")
    before = len(run.iterations())
    done = pin(run, [run.memory()[0].id])
    assert done.record is None
    assert f"iteration {before}, which was broken off" in done.waits_for
    assert run.status().queued == 1
    known = lab.model.counts()
    lab.resume("run")
    assert (known & lab.model.counts()).total() <= IN_FLIGHT, "no answered call is sent again"
    assert actions(run) == [*["learning"] * before, "pin", *["learning"] * (3 - before)]
    assert verify(run).problems == ()


def test_in_a_run_that_was_killed_within_the_sealed_test_that_is_finished_first(lab: Laboratory) -> None:
    whole = lab.run("whole", seed=3).total.calls
    lab.killed("run", whole - 20, seed=3)
    run = open_run(lab.folder / "run")
    done = forget(run, [run.memory()[0].id], because="wrong")
    assert "the sealed test, which was broken off" in done.waits_for
    report = lab.resume("run")
    assert report.since_sealed == (4,)
    assert verify(run).problems == ()


def test_where_the_budget_ended_within_an_iteration_its_number_stays_its_own(lab: Laboratory, tmp_path: Path) -> None:
    """What was asked in it is kept, and a change by hand has the number after it."""
    lab.run("run", seed=3)
    run = open_run(lab.folder / "run")
    stray = "INSERT INTO tasks SELECT 'stray', 4, body FROM tasks LIMIT 1"
    query(run.place.path, stray)
    query(run.place.path, "DELETE FROM links WHERE iteration = -1")
    lab.resume("run")
    head = run.report().head
    done = forget(run, [run.memory()[0].id], because="wrong")
    assert done.record is not None
    assert done.record.number == 5
    with run.journal() as journal:
        assert [one.iteration for one in links(journal)] == [0, 1, 2, 3, SEALED, 5]
    problems = verify(run, head=head).problems
    assert not [one for one in problems if "chain" in one], problems
    for at in (3, 5):
        run.memory(at)
        run.program(at)
    with pytest.raises(Exception, match="iteration 4 was never finished"):
        run.program(4)


@pytest.mark.parametrize("eviction", ["crowding", "oldest"])
def test_what_is_pinned_is_never_evicted(lab: Laboratory, eviction: str) -> None:
    run = halted(lab, 2, policies={"eviction": {"name": eviction, "size": 4}}, budget={"iterations": 4})
    oldest = [one.id for one in run.memory()[:2]]
    pin(run, oldest, because="the best")
    resume(run.place.path)
    assert {*oldest} <= {one.id for one in run.memory()}
    with run.journal() as journal:
        assert journal.deaths(), "others died"
    assert verify(run).problems == ()


@pytest.mark.parametrize("follows", [True, False])
def test_a_race_goes_on_after_something_was_forgotten_and_ends_after_a_rollback(lab: Laboratory, follows: bool) -> None:
    run = halted(lab, 2, memory={"follows": follows})
    assert run.iterations()[-1].gates[-1].open
    gone = run.memory()[0]
    forget(run, [gone.id], because="wrong")
    resume(run.place.path)
    assert any(gate.number == 1 for record in run.iterations()[4:] for gate in record.gates)
    with run.journal() as journal:
        later = [a for node in journal.nodes() for n, a, _ in journal.judged(node) if n > 3 or n == SEALED]
    assert not any(gone.id in attempt.exemplar_ids for attempt in later), "no program is shown it any more"
    assert verify(run).problems == ()


def test_after_a_rollback_nothing_is_raced_that_was(lab: Laboratory) -> None:
    run = halted(lab, 2)
    rollback(run, to=1)
    resume(run.place.path)
    assert not any(gate.number == 1 for record in run.iterations()[3:] for gate in record.gates)
    assert verify(run).problems == ()


class FewCodes(Codes):
    """Poses so few tasks that they come again."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        posed = list(islice(super().tasks(split, 0), 12))
        random.Random(seed).shuffle(posed)
        yield from posed


def test_the_same_answer_again_does_not_bring_back_what_was_forgotten(lab: Laboratory) -> None:
    live = FewCodes()
    run = halted(lab, 2, live=live, budget={"iterations": 6})
    gone = run.memory()
    forget(run, [one.id for one in gone], because="all wrong", who="ana")
    resume(run.place.path, environment=live)
    again = {(one.lesson, one.answer) for one in gone}
    assert not again & {(one.lesson, one.answer) for one in run.memory()}
    assert any("forgotten by ana: all wrong" in r.refused for r in run.iterations())
    assert verify(run, live).problems == ()
