"""The journal: the append-only SQLite record of a run and its one source of truth.

One table a kind of fact, one method a table. What is written here is on disk when the method returns.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Literal, Self

from burnish.by_hand import ByHand
from burnish.errors import StorageError
from burnish.files import make_private
from burnish.memory.journal_reader import CallKey, JournalReader, TurnKey
from burnish.memory.schema import SCHEMA, SCHEMA_VERSION, migrate
from burnish.memory.writer import Statement, Writer
from burnish.programs import Program
from burnish.records import (
    ApplicantRecord,
    Completion,
    DeathRecord,
    Decision,
    IterationRecord,
    Question,
    SealedRecord,
)
from burnish.types import ALIVE, Attempt, Exemplar, Feedback, JsonValue, Played, Task, Usage

DIALECTS = "dialects"
"""The fact of a run that says how model servers want to be asked."""
OUTAGE = "outage"
"""The fact of a run that says which model server is waited for."""
IMPORT = "import"
"""Stands for the node of answers that a person brought from another run; it is the action of such a change by hand."""
FEEDBACK = "feedback"
"""And of answers that were served, and judged by clients."""


class Journal(JournalReader):
    """Writes what a run did, a method a kind of fact, and reads it. Use `open`; `join` beside a process at work."""

    def __init__(self, path: Path, writer: Writer) -> None:
        super().__init__(path, "rw")
        self._writer = writer

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open for writing, creating it when it is not there. An older one becomes one of today's. Bare intents become
        `lost`.
        """
        if path.exists():
            _bring_up_to_date(path)
        else:
            make_private(path)
        writer = Writer(path, SCHEMA)
        writer.write_blocking(
            ("INSERT OR IGNORE INTO meta VALUES('schema', ?)", (str(SCHEMA_VERSION),)),
            ("UPDATE calls SET state = 'lost' WHERE state = 'intent'", ()),
        )
        return cls(path, writer)

    @classmethod
    def join(cls, path: Path) -> Self:
        """Open for writing people's decisions, beside a process that may be at work on the run."""
        _bring_up_to_date(path)
        return cls(path, Writer(path, SCHEMA))

    def close(self) -> None:
        self._writer.close()
        super().close()

    def set_meta(self, **values: JsonValue) -> None:
        """Keep facts of the whole run, by name."""
        self._writer.write_blocking(
            *(("INSERT OR REPLACE INTO meta VALUES(?, ?)", (k, json.dumps(v))) for k, v in values.items())
        )

    async def add_meta(self, key: str, value: JsonValue) -> None:
        """`set_meta` for code in an event loop."""
        await self._write(("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, json.dumps(value))))

    # calls -----------------------------------------------------------------------------------------

    async def add_intent(self, key: CallKey, try_number: int, *, tokens: int, usd: float, request: str) -> None:
        """A call is about to be sent, with its worst case and its `request`, as canonical JSON. `try_number` counts the
        tries from 0.
        """
        await self._write(
            (
                "INSERT OR IGNORE INTO requests VALUES(?, ?)",
                (key.request, zlib.compress(request.encode("utf-8", "surrogatepass"))),
            ),
            (
                "INSERT INTO calls(key, try, iteration, node, role, state, reserved_tokens, reserved_usd)"
                " VALUES(?, ?, ?, ?, ?, 'intent', ?, ?)",
                (str(key), try_number, key.iteration, key.node, key.role, tokens, usd),
            ),
        )

    async def add_completion(self, key: CallKey, try_number: int, completion: Completion) -> None:
        """The answer to a call, with what it used."""
        u = completion.usage
        await self._write(
            (
                "UPDATE calls SET state = 'done', prompt_tokens = ?, completion_tokens = ?, cached_tokens = ?,"
                " usd = ?, seconds = ?, body = ? WHERE key = ? AND try = ?",
                (u.prompt_tokens, u.completion_tokens, u.cached_tokens, u.usd, u.seconds, dump(completion.to_json()),
                 str(key), try_number),
            )
        )  # fmt: skip

    async def add_failure(
        self,
        key: CallKey,
        try_number: int,
        state: Literal["failed", "lost", "rejected", "faulty"],
        *,
        reason: str,
        used: Usage | None = None,
    ) -> None:
        """A try that brought no answer. One that `failed` cost no tokens, one that was `lost` its worst case; both are
        made again. A request that the server calls wrong is `rejected`; one may be `faulty` now and not later. What
        the server `used` to say so counts.
        """
        sql = (
            "UPDATE calls SET state = ?, body = ?, prompt_tokens = ?, completion_tokens = ?, cached_tokens = ?, "
            "usd = ? WHERE key = ? AND try = ?"
        )
        used = used or Usage()
        costs = (used.prompt_tokens, used.completion_tokens, used.cached_tokens, used.usd)
        await self._write((sql, (state, reason, *costs, str(key), try_number)))

    async def add_wait(self, key: CallKey, try_number: int, *, seconds: float) -> None:
        """How long it was waited after a try that failed."""
        await self._write(("UPDATE calls SET waited = ? WHERE key = ? AND try = ?", (seconds, str(key), try_number)))

    async def add_pause(self, iteration: int, *, seconds: float) -> None:
        """How long it was waited before what was `faulty` in an iteration is asked again, as calls of their own."""
        sql = "UPDATE calls SET waited = ? WHERE iteration = ? AND state = 'faulty' AND waited = 0"
        await self._write((sql, (seconds, iteration)))

    async def add_unpaid(self, key: CallKey, *, budget: str, reason: str) -> None:
        """A call that a limit of the budget did not allow, and what was said of it."""
        values = (str(key), key.iteration, budget, reason)
        await self._write(("INSERT OR REPLACE INTO unpaid VALUES(?, ?, ?, ?)", values))

    # tasks, attempts, verdicts ---------------------------------------------------------------------

    async def add_tasks(self, iteration: int, tasks: Iterable[Task]) -> None:
        """Tasks that were met in an iteration; those that are known stay as they are."""
        await self._write(*_of_tasks(iteration, tasks))

    async def add_programs(self, iteration: int, programs: Iterable[Program]) -> None:
        """Programs that answered in an iteration; those that are known stay as they are."""
        await self._write(
            *(
                ("INSERT OR IGNORE INTO programs VALUES(?, ?, ?)", (p.id, iteration, dump(p.to_json())))
                for p in {program.id: program for program in programs}.values()
            )
        )

    async def add_judged(
        self, iteration: int, node: str, judged: Sequence[tuple[Attempt, Feedback]], *, start: int = 0
    ) -> None:
        """Attempts and their verdicts, in the order of their places from `start` on."""
        await self._write(*_of_judged(iteration, node, judged, start))

    async def add_turn(self, key: TurnKey, turn: Played) -> None:
        """A turn that was played; one that is played again after a crash is the same."""
        await self._write(
            ("INSERT OR REPLACE INTO turns VALUES(?, ?, ?, ?, ?, ?)", (*astuple(key), dump(turn.to_json())))
        )

    # programs, exemplars, iterations ---------------------------------------------------------------

    async def commit_iteration(
        self,
        record: IterationRecord,
        *,
        programs: Iterable[Program],
        born: Iterable[Exemplar],
        deaths: Sequence[DeathRecord] = (),
        applicants: Sequence[ApplicantRecord] = (),
        events: Sequence[tuple[str, JsonValue]] = (),
        queued: int | None = None,
        imported: Sequence[tuple[Task, Attempt, Feedback]] = (),
    ) -> None:
        """One transaction: the new revision, the champion, the measurements and the decisions.

        `born` are new exemplars, `deaths` those of this revision, and `applicants` all that could be remembered. An
        iteration by hand is what was `queued` under this number; what it `imported`, or was fed back, was judged again.
        """
        statements: list[Statement] = [
            ("INSERT OR IGNORE INTO programs VALUES(?, ?, ?)", (p.id, record.number, dump(p.to_json())))
            for p in programs
        ]
        statements += _of_tasks(record.number, [task for task, _, _ in imported])
        node = record.by_hand.action if record.by_hand else IMPORT
        statements += _of_judged(record.number, node, [(attempt, feedback) for _, attempt, feedback in imported], 0)
        statements += [
            ("INSERT INTO exemplars VALUES(?, ?, ?, ?, ?)", (e.id, e.born, ALIVE, "", dump(e.to_json()))) for e in born
        ]
        statements += [
            ("UPDATE exemplars SET died = ?, death = ? WHERE id = ?", (record.revision, one.reason, one.exemplar_id))
            for one in deaths
        ]
        statements += [
            (
                "INSERT INTO deaths VALUES(?, ?, ?, ?)",
                (one.exemplar_id, record.number, one.other_id, dump(one.to_json())),
            )
            for one in deaths
        ]
        statements += [
            (
                "INSERT INTO applicants VALUES(?, ?, ?, ?, ?, ?)",
                (record.number, place, one.attempt_id, one.exemplar_id, one.outcome, dump(one.to_json())),
            )
            for place, one in enumerate(applicants)
        ]
        statements += [
            ("INSERT INTO events VALUES(?, ?, ?, ?)", (record.number, place, kind, dump(body)))
            for place, (kind, body) in enumerate(events)
        ]
        statements.append(
            ("INSERT INTO iterations VALUES(?, ?, ?)", (record.number, record.champion_id, dump(record.to_json())))
        )
        if queued is not None and record.by_hand is not None:
            sql = "UPDATE by_hand SET iteration = ?, body = ? WHERE number = ?"
            statements.append((sql, (record.number, dump(record.by_hand.to_json()), queued)))
        await self._write(*statements)

    # people ----------------------------------------------------------------------------------------

    async def add_questions(self, questions: Iterable[Question]) -> None:
        """Ask people; what was asked before is asked once."""
        await self._write(
            *(
                ("INSERT OR IGNORE INTO questions VALUES(?, ?, ?)", (q.id, q.iteration, dump(q.to_json())))
                for q in questions
            )
        )

    def add_decision(self, decision: Decision) -> None:
        """What a person said; decisions are kept all, and of each question the last one counts.

        Raises:
            StorageError: the iteration that asked is committed, with what was said until then.

        """
        rows = self._rows("SELECT iteration FROM questions WHERE id = ?", (decision.question,))
        if rows and 0 <= rows[0]["iteration"] <= (self.newest() or -1):
            raise StorageError(
                f"iteration {rows[0]['iteration']} is committed, with what was said of this question until then; go on "
                "with the next one"
            )
        self._writer.write_blocking(
            ("INSERT INTO decisions(question, body) VALUES(?, ?)", (decision.question, dump(decision.to_json())))
        )

    def queue(self, change: ByHand, lessons: Sequence[Mapping[str, JsonValue]] = ()) -> int:
        """A change by hand, to be made in an iteration of its own; an import with what it brings. Its number."""
        said = dump(list(lessons)) if lessons else ""
        self._writer.write_blocking(
            ("INSERT INTO by_hand(body, lessons) VALUES(?, ?)", (dump(change.to_json()), said)),
        )
        return int(self._rows("SELECT MAX(number) AS number FROM by_hand")[0]["number"])

    async def add_link(self, number: int, iteration: int, decisions: int, digest: str) -> None:
        """A link of the chain of hashes, see `burnish.memory.links`."""
        await self._write(("INSERT INTO links VALUES(?, ?, ?, ?)", (number, iteration, decisions, digest)))

    # sealed test -----------------------------------------------------------------------------------

    def set_sealed(self, record: SealedRecord) -> None:
        """The outcome of the sealed test; kept once, never replaced."""
        self._writer.write_blocking(("INSERT OR IGNORE INTO meta VALUES('sealed', ?)", (dump(record.to_json()),)))

    async def _write(self, *statements: Statement) -> None:
        if statements:
            await self._writer.write(*statements)


def _of_tasks(iteration: int, tasks: Iterable[Task]) -> list[Statement]:
    return [("INSERT OR IGNORE INTO tasks VALUES(?, ?, ?)", (t.id, iteration, dump(t.to_json()))) for t in tasks]


def _of_judged(iteration: int, node: str, judged: Sequence[tuple[Attempt, Feedback]], start: int) -> list[Statement]:
    return [
        (
            "INSERT OR REPLACE INTO attempts VALUES(?, ?, ?, ?, ?, ?, ?)",
            (iteration, node, place, a.id, a.program_id, dump(a.to_json()), dump(f.to_json())),
        )
        for place, (a, f) in enumerate(judged, start)
    ]


def _bring_up_to_date(path: Path) -> None:
    """Make an older journal one of today's, in one transaction."""
    reader = JournalReader(path)
    version = reader.version
    reader.close()
    if version == SCHEMA_VERSION:
        return
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection, version)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise StorageError(f"cannot bring {path} up to date ({error}); it is as it was: free some space") from None
    finally:
        connection.close()


def dump(value: object) -> str:
    """A value as the journal holds it."""
    # ensure_ascii keeps lone surrogates, which SQLite's UTF-8 would refuse
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
