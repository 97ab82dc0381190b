"""Whatever a server does wrong for a while, a run decides as it does with a server that does nothing wrong; killed
within, it comes to the same end and asks for no answer twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from signal import SIGKILL

import pytest
from faults import SCALE, TIMEOUT, Faulty, schedule
from laboratory import Laboratory, laboratory, learner, query
from same_end import assert_same
from strength import FULL

from burnish.agent.models import circuit as circuits
from burnish.agent.record.run import open_run

TABLES = {"models": {"task": {"timeout_seconds": TIMEOUT}}}
NUMBERS = range(200 if FULL else 6)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A laboratory with a run in the folder `clean` that met no fault."""
    with laboratory(tmp_path_factory.mktemp("faults")) as made:
        made.waits = 1 / SCALE
        made.run("clean", **TABLES)
        yield made


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuits, "FIRST_WAIT", circuits.FIRST_WAIT / SCALE)
    monkeypatch.setattr(circuits, "LONGEST_WAIT", circuits.LONGEST_WAIT / SCALE)


def answered(lab: Laboratory, name: str) -> int:
    (count,) = query(lab.folder / name, "SELECT COUNT(*) FROM calls WHERE state = 'done'")[0]
    return int(count)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_run_decides_as_without_faults(clean: Laboratory, number: int) -> None:
    clean.model.answer = faulty = Faulty(learner, schedule(number), number)
    report = clean.run(f"schedule {number}", **TABLES)
    assert faulty.faults, "a schedule without a fault tells nothing"
    assert_same(open_run(clean.folder / f"schedule {number}"), report, open_run(clean.folder / "clean"))


@pytest.mark.parametrize("number", NUMBERS)
def test_killed_anywhere_it_comes_to_the_same_end_and_asks_for_no_answer_twice(clean: Laboratory, number: int) -> None:
    rng = random.Random(f"killed {number}")
    name = f"killed {number}"
    clean.model.answer = faulty = Faulty(learner, schedule(number), number)
    for _ in range(rng.randint(1, 2)):
        assert clean.killed(name, rng.randint(1, 140), delay=rng.uniform(0, 0.05), **TABLES) in (-SIGKILL, 0)
    done = answered(clean, name)
    faulty.answers = 0
    report = clean.resume(name)
    assert_same(open_run(clean.folder / name), report, open_run(clean.folder / "clean"))
    assert faulty.answers == answered(clean, "clean") - done
