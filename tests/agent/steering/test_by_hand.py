"""What a person changes in a finished run by hand is an iteration of its own, and holds like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from laboratory import CommandLine, Laboratory, query

from burnish.agent.exports.rows import rows_of
from burnish.agent.record.run import Run, open_run
from burnish.agent.steering.forgetting import forget, pin
from burnish.agent.steering.returning import rollback
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError
from burnish.memory.links import links
from burnish.records import SEALED


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "copy"))


def said(run: Run, at: int | None = None) -> set[tuple[str, str]]:
    """What is remembered, whatever it is called."""
    return {(exemplar.lesson, exemplar.answer) for exemplar in run.memory(at)}


def holds(run: Run) -> bool:
    result = verify(run)
    assert result.problems == ()
    return True


def test_forgetting_is_a_new_iteration_and_leaves_history_as_it_was(run: Run) -> None:
    before, one = [said(run, at) for at in range(4)], run.memory()[0]
    done = forget(run, [one.id[:6]], because="it is  wrong", who="ana")
    assert done.record is not None
    assert (done.record.number, done.record.attempts, done.record.memory) == (4, 0, len(before[3]) - 1)
    assert said(run) == before[3] - {(one.lesson, one.answer)}
    assert [said(run, at) for at in range(4)] == before
    (dead,) = [e for e in _ever(run) if e.id == one.id]
    assert (dead.died, dead.death) == (4, "forgotten by ana: it is wrong")
    assert one.id not in {e.id for e in run.shown()}
    assert holds(run)


def _ever(run: Run) -> list:  # type: ignore[type-arg]
    with run.journal() as journal:
        return journal.exemplars()


def test_a_rollback_has_program_and_memory_of_then_in_force_again(run: Run) -> None:
    done = rollback(run, to=1, because="2 and 3 learned from bad tasks")
    assert done.record is not None
    assert said(run) == said(run, 1) != said(run, 3)
    now, then = run.program(), run.program(1)
    assert (now.prompt, now.retrieval, now.decoding) == (then.prompt, then.retrieval, then.decoding)
    assert {(e.lesson, e.answer) for e in run.shown()} == {(e.lesson, e.answer) for e in run.shown(1)}
    rollback(run, to=3)
    assert said(run) == said(run, 3)
    assert run.program().prompt == run.program(3).prompt
    assert holds(run)


def test_a_rollback_revives_nothing_that_was_forgotten_and_says_so(run: Run) -> None:
    one = run.memory(1)[0]
    forget(run, [one.id], because="private")
    done = rollback(run, to=1)
    assert any(one.id in note and "Not brought back" in note for note in done.notes)
    assert said(run) == said(run, 1) - {(one.lesson, one.answer)}
    assert holds(run)


def test_a_rollback_keeps_what_is_pinned(run: Run) -> None:
    newest = run.memory()[-1]
    pin(run, [newest.id])
    done = rollback(run, to=1)
    assert any(newest.id in note and "pinned" in note for note in done.notes)
    assert said(run) == said(run, 1) | {(newest.lesson, newest.answer)}
    assert holds(run)


def test_what_came_back_is_forgotten_by_any_of_its_ids(run: Run) -> None:
    late = next(e for e in run.memory() if e.born == 3)
    rollback(run, to=1)
    rollback(run, to=3)
    again = next(e for e in run.memory() if e.again == late.id)
    forget(run, [late.id], because="wrong")
    assert again.id not in {e.id for e in run.memory()}
    assert holds(run)


def test_the_verdict_stays_that_of_the_program_it_judged(run: Run, burnish: CommandLine) -> None:
    before = run.report()
    assert not before.since_sealed
    assert "since_sealed" not in before.to_json()
    forget(run, [run.memory()[0].id], because="wrong")
    after = run.report()
    assert (after.sealed, after.since_sealed) == (before.sealed, (4,))
    assert after.sealed is not None
    assert after.sealed.arms["champion"].program_id == before.champion.id != after.champion.id
    words = "hanged by hand since the sealed test"
    for command in ("report", "status"):
        assert words in " ".join(burnish(command, run.place.path).out.split())
    file = run.place.path.parent / "program.toml"
    assert words in burnish("program", run.place.path, "--out", file).out
    assert words in file.read_text()
    assert "improved, changed by hand since" in burnish("compare", run.place.path, run.place.path).out


def test_what_was_forgotten_leaves_the_run_no_more(run: Run, burnish: CommandLine, tmp_path: Path) -> None:
    one = run.memory(1)[0]
    forget(run, [one.id], because="private")
    with run.journal() as journal:
        barred = {row.answer: row.barred for row in rows_of(journal, level=6) if row.barred}
    assert "forgotten by" in barred[one.answer]
    for at in ((), ("--at", 3)):
        file = tmp_path / f"program{len(at)}.toml"
        assert burnish("program", run.place.path, "--out", file, *at).code == 0
        assert one.answer not in file.read_text()


def test_changes_by_hand_are_in_the_chain_after_the_sealed_test(run: Run) -> None:
    head = run.report().head
    pin(run, [run.memory()[0].id])
    with run.journal() as journal:
        assert [one.iteration for one in links(journal)] == [0, 1, 2, 3, SEALED, 4]
    assert verify(run, head=head).holds
    newer = run.report().head
    assert verify(run, head=newer).holds
    query(run.place.path, "UPDATE by_hand SET body = json_set(body, '$.who', 'bob')")
    (problem, *_) = verify(run, head=newer).problems
    assert "the rows of iteration 4 are not those" in problem


def test_every_way_to_look_at_a_run_shows_what_was_done_by_hand(run: Run, burnish: CommandLine) -> None:
    one, other = run.memory()[:2]
    forget(run, [one.id], because="wrong label", who="ana")
    pin(run, [other.id], because="the best", who="eve")
    place = run.place.path
    expected = {
        ("show", place, "iteration 4"): "ana forgot 1 exemplar: wrong label",
        ("why", place, "iteration 4"): "a change by hand: ana forgot 1 exemplar: wrong label (20",
        ("why", place, one.id): "taken out by hand by ana because wrong label; nothing took its place",
        ("why", place, other.id): "pinned by eve at iteration 5 (the best)",
        ("diff", place, 3, 5): "iteration 5 by hand: eve pinned 1 exemplar: the best",
        ("memory", place, "--dead"): "taken out by hand by ana because wrong label; nothing took its place",
        ("report", place): "eve pinned",
        ("show", place, other.id): "eve at iteration 5",
        ("memory", place): f"1 pinned (▲) id born shown cell task answer ●▲ {other.id}",
    }
    for command, words in expected.items():
        shown = burnish(*command)
        assert shown.code == 0, shown.err
        assert words in " ".join(shown.out.split()), command
    as_json = json.loads(burnish("show", place, "iteration 4", "--json").out)
    assert as_json["record"]["by_hand"]["who"] == "ana"


def test_a_change_goes_on_being_one_where_it_is_made_again_later(run: Run) -> None:
    """Several in a row, each an iteration."""
    first, second, third = run.memory()[:3]
    forget(run, [first.id, second.id], because="both wrong")
    pin(run, [third.id])
    pin(run, [third.id], off=True)
    rollback(run, to=2)
    assert [r.by_hand.action for r in run.iterations() if r.by_hand] == ["forget", "pin", "unpin", "rollback"]
    assert holds(run)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: forget(run, ["zzzz"], because="x"), "nothing named 'zzzz'"),
        (lambda run: forget(run, [], because="x"), "no exemplar is named"),
        (lambda run: forget(run, [run.memory()[0].id], because="  "), "--because is empty"),
        (lambda run: forget(run, [run.program().id], because="x"), "names a program"),
        (lambda run: forget(run, ["iteration 1"], because="x"), "names an iteration"),
        (lambda run: pin(run, [run.memory()[0].id], off=True), "is not pinned"),
        (lambda run: pin(run, [run.memory()[0].id], who=" "), "--who is empty"),
        (lambda run: rollback(run, to=3), "iteration 3 is the newest"),
        (lambda run: rollback(run, to=9), "there is no iteration 9; this run has 0 to 3"),
        (lambda run: rollback(run, to=-1), "there is no iteration -1"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_nothing_changes(run: Run, change, words: str) -> None:  # type: ignore[no-untyped-def]
    before = run.report()
    with pytest.raises(ConfigError, match=words):
        change(run)
    assert run.report() == before
    assert query(run.place.path, "SELECT COUNT(*) FROM by_hand") == [(0,)]


def test_what_is_dead_is_not_pinned_and_what_is_forgotten_is_forgotten_once(run: Run) -> None:
    one = run.memory()[0]
    forget(run, [one.id], because="wrong", who="ana")
    with pytest.raises(ConfigError, match="died at iteration 4"):
        pin(run, [one.id])
    with pytest.raises(ConfigError, match="no longer remembered: forgotten by ana: wrong"):
        forget(run, [one.id], because="again")
