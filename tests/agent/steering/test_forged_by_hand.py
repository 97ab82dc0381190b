"""Whoever forges, removes or alters a change by hand, and covers it up, is named by `burnish verify`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forging import Forger
from laboratory import Laboratory
from steered import halted

from burnish.agent.api import resume
from burnish.agent.record.run import open_run
from burnish.agent.steering.forgetting import forget, pin
from burnish.agent.steering.returning import rollback
from burnish.agent.verification.verify import verify
from burnish.memory.journal import dump
from burnish.types import ALIVE

HAND: dict[str, Any] = {
    "action": "pin",
    "who": "eve",
    "when": "2030-01-01T00:00:00+00:00",
    "because": "",
    "to": None,
    "ids": [],
}


@pytest.fixture(scope="module")
def steered(learned: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a change by hand before the sealed test (3), and two after it (5, 6)."""
    lab = Laboratory(tmp_path_factory.mktemp("steered"), learned.model, learned.url)
    run = halted(lab, 2)
    forget(run, [run.memory()[0].id], because="wrong", who="ana")
    resume(run.place.path)
    pin(run, [run.memory()[0].id], who="ana")
    rollback(run, to=2, because="the rest was bad", who="ana")
    return run.place.path


@pytest.fixture
def forger(steered: Path, tmp_path: Path) -> Forger:
    return Forger(open_run(shutil.copytree(steered, tmp_path / "copy")))


def alter(forger: Forger, number: int, **changes: Any) -> None:
    """Change what a person asked for, in the request and in the record of the iteration."""
    forger.record(number, lambda body: body["by_hand"].update(changes))
    for name, value in changes.items():
        forger.sql(
            f"UPDATE by_hand SET body = json_set(body, '$.{name}', json(?)) WHERE iteration = ?", dump(value), number
        )


def remove(forger: Forger, number: int) -> None:
    """Take the request away, and leave the iteration."""
    forger.sql("DELETE FROM by_hand WHERE iteration = ?", number)


def remove_wholly(forger: Forger, number: int) -> None:
    """Take request, iteration and what died by it away, as if it had never been."""
    remove(forger, number)
    forger.sql("DELETE FROM iterations WHERE number = ?", number)
    forger.sql("DELETE FROM deaths WHERE iteration = ?", number)
    forger.sql("UPDATE exemplars SET died = ?, death = '' WHERE died = ?", ALIVE, number)
    forger.sql("DELETE FROM exemplars WHERE born = ?", number)


def one_more(forger: Forger) -> None:
    """A request that was never made, said to be an iteration that there is."""
    forger.sql("INSERT INTO by_hand(iteration, body, lessons) VALUES(3, ?, '')", dump({**HAND, "after_sealed": False}))


def by_hand_after_all(forger: Forger) -> None:
    """An iteration of learning is said to be by hand."""
    forger.record(1, lambda body: body.update(by_hand={**HAND, "after_sealed": False}))


def alive_after_all(forger: Forger) -> None:
    """What was forgotten is said to be alive, in the exemplar and in the list of deaths."""
    forger.sql("UPDATE exemplars SET died = ?, death = '' WHERE died = 3", ALIVE)
    forger.sql("DELETE FROM deaths WHERE iteration = 3")


def older_champion(forger: Forger) -> None:
    ((champion,),) = forger.sql("SELECT champion FROM iterations WHERE number = 1")
    forger.sql("UPDATE iterations SET champion = ? WHERE number = 6", champion)
    forger.record(6, lambda body: body.update(champion_id=champion))


FORGERIES: dict[str, Callable[[Forger], object]] = {
    "another person in the record": lambda f: f.record(3, lambda body: body["by_hand"].update(who="bob")),
    "another reason in the record": lambda f: f.record(6, lambda body: body["by_hand"].update(because="")),
    "another time in the request": lambda f: f.sql(
        "UPDATE by_hand SET body = json_set(body, '$.when', '2001-01-01T00:00:00+00:00')"
    ),
    "another person, in the dead too": lambda f: alter(f, 3, who="bob"),
    "other exemplars forgotten": lambda f: alter(f, 3, ids=[]),
    "another iteration gone back to": lambda f: alter(f, 6, to=1),
    "a pin that was a forgetting": lambda f: alter(f, 5, action="forget"),
    "a forgetting that was a pin": lambda f: alter(f, 3, action="pin"),
    "made before the sealed test after all": lambda f: alter(f, 6, after_sealed=False),
    "made after the sealed test after all": lambda f: alter(f, 3, after_sealed=True),
    "a request removed": lambda f: remove(f, 3),
    "the last request removed": lambda f: remove(f, 6),
    "a request put back into the queue": lambda f: f.sql("UPDATE by_hand SET iteration = NULL WHERE iteration = 6"),
    "a request of another iteration": lambda f: f.sql("UPDATE by_hand SET iteration = 9 WHERE iteration = 6"),
    "an iteration removed wholly": lambda f: remove_wholly(f, 3),
    "a request invented": one_more,
    "an iteration said to be by hand": by_hand_after_all,
    "what was forgotten said to be alive": alive_after_all,
    "another champion by hand": older_champion,
    "another death": lambda f: f.sql("UPDATE exemplars SET death = 'evicted' WHERE died = 3"),
}


def test_a_cover_up_of_nothing_is_no_forgery(forger: Forger) -> None:
    assert verify(forger.run).problems == ()
    forger.cover_up()
    assert verify(forger.run).problems == ()


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_named(forger: Forger, name: str) -> None:
    FORGERIES[name](forger)
    forger.cover_up()
    assert verify(forger.run).problems, name


def test_with_the_head_the_last_change_cannot_be_removed_wholly(forger: Forger) -> None:
    """Without it, a run whose last change was taken out wholly is just one that was never changed."""
    head = forger.run.report().head
    remove_wholly(forger, 6)
    forger.cover_up()
    assert any(head in problem for problem in verify(forger.run, head=head).problems)
