from __future__ import annotations

import contextlib
import dataclasses
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import RunTooNew, StorageError
from burnish.memory.journal import Journal, dump
from burnish.memory.journal_reader import CallKey, JournalReader
from burnish.memory.schema import SCHEMA_VERSION
from burnish.programs import Program, Prompt
from burnish.records import Completion, DeathRecord, IterationRecord, SealedRecord
from burnish.types import ALIVE, Attempt, Exemplar, Feedback, Status, Task, Usage

KEY = CallKey(1, "attempt", "task", "t1", 0, "abc")
ANSWER = Completion("hé\ud800", "m", Usage(1, 10, 5, 4, 0.25, 1.5), probabilities={"5": 0.5})
SEALED = SealedRecord("improved", "because", {}, 0.1, 0.0, 0.2, 0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    made = Journal.open(path)
    yield made
    made.close()


def exemplar(n: int, born: int = 1) -> Exemplar:
    return Exemplar(f"t{n}", f"prompt {n}", f"answer {n}", 1.0, "c", born, "m")


def key(n: int, iteration: int = 1, node: str = "attempt", role: str = "task") -> CallKey:
    return CallKey(iteration, node, role, f"t{n}", 0, "abc")


KILLED = """
import asyncio, sys, time
from pathlib import Path
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import CallKey, JournalReader
from burnish.memory.schema import SCHEMA_VERSION
from burnish.records import Completion
from burnish.types import Usage

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    for n in range(3):
        await journal.add_intent(CallKey(1, "attempt", "task", f"t{n}", 0, "abc"), 0, tokens=100, usd=0.5, request="{}")
    await journal.add_completion(CallKey(1, "attempt", "task", "t0", 0, "abc"), 0, Completion("a", "m", Usage(1, 7, 3)))
    print("written", flush=True)
    time.sleep(600)

asyncio.run(main())
"""


def test_a_killed_process_loses_nothing_that_was_acknowledged(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    journal = Journal.open(path)
    assert {k: c.text for k, c in journal.completions(1).items()} == {str(key(0)): "a"}
    assert journal.tries(1) == {str(key(n)): 1 for n in range(3)}
    assert journal.spent() == Usage(3, prompt_tokens=207, completion_tokens=3, usd=1.0)
    journal.close()


async def test_an_answered_call_is_found_under_its_key_with_what_it_used(journal: Journal) -> None:
    await journal.add_intent(KEY, 0, tokens=100, usd=9.0, request="{}")
    assert journal.completions(1) == {}
    await journal.add_completion(KEY, 0, ANSWER)
    assert journal.completions(1) == {str(KEY): ANSWER}
    assert journal.completions(2) == {}
    assert journal.spent() == ANSWER.usage


async def test_a_bare_intent_counts_its_worst_case_and_is_lost_when_the_run_is_opened_again(path: Path) -> None:
    journal = Journal.open(path)
    await journal.add_intent(KEY, 0, tokens=100, usd=0.5, request="{}")
    spent = journal.spent()
    assert (spent.calls, spent.tokens, spent.usd) == (1, 100, 0.5)
    journal.close()
    again = Journal.open(path)
    assert again.spent() == spent
    assert [tuple(row) for row in again._rows("SELECT state FROM calls")] == [("lost",)]
    await again.add_intent(KEY, 1, tokens=100, usd=0.5, request="{}")
    await again.add_completion(KEY, 1, ANSWER)
    assert again.spent() == Usage(2, 110, 5, 4, 0.75, 1.5)
    assert again.tries(1) == {str(KEY): 2}
    again.close()


async def test_a_refused_try_costs_a_call_and_no_tokens_and_a_lost_one_its_worst_case(journal: Journal) -> None:
    for attempt, lost in ((0, False), (1, True)):
        await journal.add_intent(KEY, attempt, tokens=100, usd=0.5, request="{}")
        await journal.add_failure(KEY, attempt, "lost" if lost else "failed", reason="why")
    assert journal.spent() == Usage(2, prompt_tokens=100, usd=0.5)
    assert journal.largest_reservation("task") == (100, 0.5)
    assert journal.largest_reservation("judge") is None


CALLS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["attempt", "gate"]),
        st.sampled_from(["task", "judge"]),
        st.sampled_from(["intent", "done", "failed", "lost"]),
        st.integers(0, 50),
        st.integers(0, 50),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(CALLS)
async def test_usage_by_place_adds_up_to_the_whole(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, str, str, str, int, int]]
) -> None:
    journal = Journal.open(tmp_path_factory.mktemp("run") / "journal.db")
    expected = Usage()
    for n, (iteration, node, role, state, reserved, used) in enumerate(calls):
        at = key(n, iteration, node, role)
        await journal.add_intent(at, 0, tokens=reserved, usd=reserved / 4, request="{}")
        usage = Usage(1, prompt_tokens=reserved, usd=reserved / 4)
        if state == "done":
            usage = Usage(1, used, used, used, used / 8, used / 2)
            await journal.add_completion(at, 0, Completion("", "m", usage))
        elif state != "intent":
            await journal.add_failure(at, 0, "lost" if state == "lost" else "failed", reason="")
            usage = usage if state == "lost" else Usage(1)
        expected += usage
    assert journal.spent() == expected
    assert sum((s.usage for s in journal.spent_by()), Usage()) == expected
    assert [(s.iteration, s.node, s.role) for s in journal.spent_by()] == sorted({c[:3] for c in calls})
    journal.close()


async def test_tasks_attempts_and_verdicts_come_back_in_order(journal: Journal) -> None:
    tasks = [Task("env", f"p{i}\ud800", {"expected": [1, None]}, "c") for i in range(3)]
    judged = [(Attempt(t.id, 0, "a", "p", "m"), Feedback(i / 2, verified=i == 2)) for i, t in enumerate(tasks)]
    await journal.add_tasks(1, tasks)
    await journal.add_tasks(1, tasks)
    await journal.add_judged(1, "gate", judged[1:], start=1)
    await journal.add_judged(1, "gate", judged[:1])
    await journal.add_judged(2, "gate", judged[:1])
    assert [journal.task(t.id) for t in tasks] == tasks
    assert journal.judged("gate", 1) == [(1, a, f) for a, f in judged]
    assert journal.judged("gate") == [*((1, a, f) for a, f in judged), (2, *judged[0])]
    assert journal.verdicts([judged[2][0].id, "other"]) == {judged[2][0].id: judged[2][1]}


async def test_a_verdict_replaces_a_failure_to_judge(journal: Journal) -> None:
    attempt = Attempt("t", 0, "a", "p", "m")
    failure, verdict = Feedback(0.0, verified=False, status=Status.ERROR), Feedback(1.0, verified=True)
    for feedback in (failure, verdict):
        await journal.add_judged(1, "attempt", [(attempt, feedback)])
    assert journal.verdicts([attempt.id]) == {attempt.id: verdict}


async def test_an_iteration_is_committed_whole(journal: Journal) -> None:
    program = Program(Prompt((("role", "Answer."),)), 1)
    record = IterationRecord(1, 1, program.id, refused={"not verified": 3})
    born = [exemplar(1), exemplar(2)]
    await journal.commit_iteration(record, programs=[program], born=born, events=[("refusal", {"n": 1})])
    later = IterationRecord(2, 2, program.id)
    await journal.commit_iteration(
        later, programs=[program], born=[exemplar(3, 2)], deaths=[DeathRecord(born[0].id, "evicted")]
    )
    assert journal.iterations() == [record, later]
    assert journal.program(program.id) == program
    buried = dataclasses.replace(born[0], died=2, death="evicted")
    assert sorted(journal.exemplars(), key=lambda e: e.task_id) == [buried, born[1], exemplar(3, 2)]
    assert all(e.died == ALIVE for e in journal.exemplars() if e.id != buried.id)
    assert journal.events() == journal.events(1) == [(1, "refusal", {"n": 1})]


async def test_a_commit_that_fails_leaves_nothing_of_itself(journal: Journal) -> None:
    await journal.commit_iteration(IterationRecord(1, 1, "p"), programs=[], born=[exemplar(1)])
    before = (journal.iterations(), journal.exemplars(), journal.events())
    program = Program(Prompt(()), 2)
    with pytest.raises(StorageError):
        await journal.commit_iteration(
            IterationRecord(1, 2, "p"),
            programs=[program],
            born=[exemplar(2, 2)],
            deaths=[DeathRecord(exemplar(1).id, "evicted")],
            events=[("refusal", 1)],
        )
    assert (journal.iterations(), journal.exemplars(), journal.events()) == before
    with pytest.raises(StorageError, match=f"program {program.id} is not in"):
        journal.program(program.id)


async def test_facts_of_the_run_are_kept_and_the_sealed_test_only_once(journal: Journal) -> None:
    journal.set_meta(stopped="plateau", seconds=1.5)
    await journal.add_meta("seconds", 2.5)
    assert (journal.meta("stopped"), journal.meta("seconds"), journal.meta("none")) == ("plateau", 2.5, None)
    assert journal.sealed() is None
    journal.set_sealed(SEALED)
    journal.set_sealed(dataclasses.replace(SEALED, verdict="collapsed"))
    assert journal.sealed() == SEALED


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    journal = Journal.open(path)
    newer = SCHEMA_VERSION + 1
    journal.set_meta(schema=newer)
    journal.close()
    before = path.read_bytes()
    for way in (Journal.open, JournalReader):
        with pytest.raises(RunTooNew, match=rf"schema {newer}, this one reads {SCHEMA_VERSION}\); upgrade with"):
            way(path)
    assert path.read_bytes() == before


async def test_a_reader_sees_what_is_committed_while_the_run_goes_on(journal: Journal, path: Path) -> None:
    reader = JournalReader(path)
    for n in range(3):
        await journal.add_intent(key(n), 0, tokens=1, usd=0, request="{}")
        assert reader.spent().calls == n + 1
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    held.execute("DELETE FROM calls")
    assert reader.spent().calls == 3  # neither blocked by a transaction nor shown the half of it
    held.execute("ROLLBACK")
    held.close()
    assert not {name for name in dir(JournalReader) if name.startswith(("add_", "set_", "commit_"))}
    reader.close()


def test_a_directory_without_a_run_is_said_to_be_one(path: Path) -> None:
    with pytest.raises(StorageError, match=r"holds no run \(no journal.db\); give the directory of a run"):
        JournalReader(path)
    assert not path.exists()


@pytest.mark.parametrize("damage", [b"no database\n" * 999, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_file_that_is_no_journal_is_refused(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    for way in (Journal.open, JournalReader):
        with pytest.raises(StorageError):
            way(path)
    assert path.read_bytes() == damage


def test_a_damaged_page_is_a_storage_error(path: Path) -> None:
    journal = Journal.open(path)
    journal.set_meta(**{f"key{n}": "x" * 100 for n in range(500)})
    journal.close()
    data = bytearray(path.read_bytes())
    data[4096 * 4 :] = b"\xff" * (len(data) - 4096 * 4)
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"cannot be read .*; restore it from a copy"):  # noqa: PT012 (where it shows)
        damaged = JournalReader(path)
        for n in range(500):
            damaged.meta(f"key{n}")


def test_equal_values_are_written_alike() -> None:
    assert dump({"b": 1, "a": "\ud800"}) == dump({"a": "\ud800", "b": 1}) == r'{"a":"\ud800","b":1}'


def test_a_task_that_is_not_there_is_named(journal: Journal) -> None:
    with pytest.raises(StorageError, match=r"task t9 is not in .*; the journal is incomplete"):
        journal.task("t9")


@pytest.mark.parametrize("name", ["exp #3", "50%41", "what?", "a b&mode=rwc"])
def test_a_journal_is_found_under_whatever_name_its_folder_has(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    made = Journal.open(folder / "journal.db")
    made.set_meta(fact=1)
    made.close()
    with contextlib.closing(JournalReader(folder / "journal.db")) as reader:
        assert reader.meta("fact") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_journal_on_a_read_only_disk_is_read_without_a_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Journal.open(path)
    made.set_meta(fact=1)
    made.close()
    monkeypatch.setattr("os.access", lambda *_: False)
    before = sorted(path.parent.iterdir())
    with contextlib.closing(JournalReader(path)) as reader:
        assert reader.meta("fact") == 1
        assert sorted(path.parent.iterdir()) == before


async def test_what_a_server_rejected_is_known_and_whether_it_may_pass(journal: Journal) -> None:
    for place, (state, passing) in enumerate((("rejected", False), ("faulty", True))):
        key = dataclasses.replace(KEY, slot=place)
        await journal.add_intent(key, 0, tokens=9, usd=0.0, request="{}")
        await journal.add_failure(key, 0, state, reason="no")  # type: ignore[arg-type]
        assert journal.rejections(1)[str(key)] == ("no", passing)
    assert journal.rejections(2) == {}
