"""The journal: the append-only SQLite record of a run and its one source of truth.

One table a kind of fact, one method a table. What is written here is on disk when the method returns.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Self

from burnish.errors import RunTooNew, RunTooOld, StorageError
from burnish.memory.schema import SCHEMA, SCHEMA_VERSION, SPENT
from burnish.memory.writer import Statement, Value, Writer
from burnish.records import Completion, IterationRecord, SealedRecord
from burnish.types import ALIVE, Attempt, Exemplar, Feedback, JsonValue, Played, Program, Task, Usage


@dataclass(frozen=True)
class CallKey:
    """Where in the run a call stands. Equal keys are the same call, whichever process makes it."""

    iteration: int
    node: str
    role: str
    item: str
    slot: int
    request: str

    def __str__(self) -> str:
        return f"{self.iteration}/{self.node}/{self.role}/{self.item}/{self.slot}/{self.request}"


@dataclass(frozen=True)
class TurnKey:
    """Where in the run a turn of an episode stands; `number` counts from 0."""

    iteration: int
    node: str
    item: str
    slot: int
    number: int


@dataclass(frozen=True)
class Spent:
    """Usage of one role in one node; a call whose outcome is unknown counts its reserved worst case."""

    iteration: int
    node: str
    role: str
    usage: Usage


class Journal:
    """Reads and writes one `journal.db`. Use `create` or `open`; `read` for a look without writing."""

    def __init__(self, path: Path, writer: Writer | None) -> None:
        self.path = path
        self._writer = writer
        mode = "ro" if writer is None else "rw"
        try:
            self._reader = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, check_same_thread=False)
            self._reader.row_factory = sqlite3.Row
            self._check_version()
        except sqlite3.Error as error:
            raise StorageError(f"{path} is no readable journal ({error}); give the directory of a run") from None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open for writing, creating it when it is not there. Bare intents become `lost`."""
        if path.exists():
            cls.read(path).close()
        writer = Writer(path, SCHEMA)
        writer.write_blocking(
            ("INSERT OR IGNORE INTO meta VALUES('schema', ?)", (str(SCHEMA_VERSION),)),
            ("UPDATE calls SET state = 'lost' WHERE state = 'intent'", ()),
        )
        return cls(path, writer)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open for reading only; works while another process writes."""
        if not path.is_file():
            raise StorageError(f"{path.parent} holds no run (no {path.name}); give the directory of a run")
        return cls(path, None)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader.close()

    # meta -----------------------------------------------------------------------------------------

    def set_meta(self, **values: JsonValue) -> None:
        """Keep facts of the whole run, by name."""
        self._write_blocking(
            [("INSERT OR REPLACE INTO meta VALUES(?, ?)", (k, json.dumps(v))) for k, v in values.items()]
        )

    async def add_meta(self, key: str, value: JsonValue) -> None:
        """`set_meta` for code in an event loop."""
        await self._write(("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, json.dumps(value))))

    def meta(self, key: str) -> JsonValue:
        """A fact of the whole run, None when it was never set."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(rows[0]["value"]) if rows else None

    # calls ----------------------------------------------------------------------------------------

    async def add_intent(self, key: CallKey, attempt: int, *, tokens: int, usd: float) -> None:
        """A call is about to be sent, with its worst case. `attempt` numbers the tries from 0."""
        await self._write(
            (
                "INSERT INTO calls(key, try, iteration, node, role, state, reserved_tokens, reserved_usd)"
                " VALUES(?, ?, ?, ?, ?, 'intent', ?, ?)",
                (str(key), attempt, key.iteration, key.node, key.role, tokens, usd),
            )
        )

    async def add_completion(self, key: CallKey, attempt: int, completion: Completion) -> None:
        """The answer to a call, with what it used."""
        u = completion.usage
        await self._write(
            (
                "UPDATE calls SET state = 'done', prompt_tokens = ?, completion_tokens = ?, cached_tokens = ?,"
                " usd = ?, seconds = ?, body = ? WHERE key = ? AND try = ?",
                (u.prompt_tokens, u.completion_tokens, u.cached_tokens, u.usd, u.seconds, _dump(completion.to_json()),
                 str(key), attempt),
            )
        )  # fmt: skip

    async def add_failure(self, key: CallKey, attempt: int, *, lost: bool, reason: str) -> None:
        """A try that brought no answer: refused by the server (costs no tokens) or `lost` (worst case)."""
        state = "lost" if lost else "failed"
        await self._write(
            ("UPDATE calls SET state = ?, body = ? WHERE key = ? AND try = ?", (state, reason, str(key), attempt))
        )

    def completions(self, iteration: int) -> dict[str, Completion]:
        """Every answered call of an iteration, by `str(CallKey)`."""
        rows = self._rows("SELECT key, body FROM calls WHERE iteration = ? AND state = 'done'", (iteration,))
        return {row["key"]: Completion.from_json(json.loads(row["body"])) for row in rows}

    def tries(self, iteration: int) -> dict[str, int]:
        """How many tries each call of an iteration has had."""
        rows = self._rows("SELECT key, MAX(try) + 1 AS n FROM calls WHERE iteration = ? GROUP BY key", (iteration,))
        return {row["key"]: row["n"] for row in rows}

    def spent(self) -> Usage:
        """Usage of the whole run, worst cases included."""
        return _usage(self._rows(SPENT.format(group="", tail=""))[0])

    def largest_reservation(self, role: str) -> tuple[int, float] | None:
        """The largest worst case of any call of a role so far, as (tokens, USD); None before the first."""
        sql = "SELECT MAX(reserved_tokens) AS tokens, MAX(reserved_usd) AS usd FROM calls WHERE role = ?"
        row = self._rows(sql, (role,))[0]
        return None if row["tokens"] is None else (row["tokens"], row["usd"])

    def spent_by(self) -> list[Spent]:
        """Usage by iteration, node and role."""
        sql = SPENT.format(
            group="iteration, node, role,",
            tail="GROUP BY iteration, node, role ORDER BY iteration, node, role",
        )
        return [Spent(r["iteration"], r["node"], r["role"], _usage(r)) for r in self._rows(sql)]

    # tasks, attempts, verdicts ----------------------------------------------------------------------

    async def add_tasks(self, tasks: Iterable[Task]) -> None:
        await self._write(
            *(("INSERT OR IGNORE INTO tasks VALUES(?, ?)", (t.id, _dump(t.to_json()))) for t in tasks)
        )  # fmt: skip

    def task(self, task_id: str) -> Task:
        """A task that was drawn in this run."""
        rows = self._rows("SELECT body FROM tasks WHERE id = ?", (task_id,))
        if not rows:
            raise StorageError(f"task {task_id} is not in {self.path}; the journal is incomplete: run `burnish doctor`")
        return Task.from_json(json.loads(rows[0]["body"]))

    def tasks(self) -> dict[str, Task]:
        """Every task that was drawn in this run, by id."""
        return {row["id"]: Task.from_json(json.loads(row["body"])) for row in self._rows("SELECT id, body FROM tasks")}

    async def add_judged(
        self, iteration: int, node: str, judged: Sequence[tuple[Attempt, Feedback]], *, start: int = 0
    ) -> None:
        """Attempts and their verdicts, in the order of their places from `start` on."""
        statements: list[Statement] = []
        for place, (attempt, feedback) in enumerate(judged, start):
            statements += [
                (
                    "INSERT OR REPLACE INTO verdicts VALUES(?, ?, ?)",
                    (attempt.id, attempt.task_id, _dump(feedback.to_json())),
                ),
                (
                    "INSERT OR REPLACE INTO attempts VALUES(?, ?, ?, ?, ?)",
                    (iteration, node, place, attempt.id, _dump(attempt.to_json())),
                ),
            ]
        await self._write(*statements)

    async def add_turn(self, key: TurnKey, turn: Played) -> None:
        """A turn that was played; one that is played again after a crash is the same."""
        await self._write(
            ("INSERT OR REPLACE INTO turns VALUES(?, ?, ?, ?, ?, ?)", (*astuple(key), _dump(turn.to_json())))
        )

    def turn(self, key: TurnKey) -> Played | None:
        """A turn that was played, None when it was not yet."""
        sql = "SELECT body FROM turns WHERE iteration = ? AND node = ? AND item = ? AND slot = ? AND number = ?"
        rows = self._rows(sql, astuple(key))
        return Played.from_json(json.loads(rows[0]["body"])) if rows else None

    def verdicts(self, ids: Iterable[str]) -> dict[str, Feedback]:
        """The verdicts known for attempts, by `Attempt.id`."""
        found = {}
        for attempt_id in ids:
            for row in self._rows("SELECT body FROM verdicts WHERE id = ?", (attempt_id,)):
                found[attempt_id] = Feedback.from_json(json.loads(row["body"]))
        return found

    def judged(self, node: str, iteration: int | None = None) -> list[tuple[int, Attempt, Feedback]]:
        """(iteration, attempt, feedback) of a node, in order; of all iterations when none is given."""
        rows = self._rows(
            "SELECT a.iteration, a.body AS attempt, v.body AS verdict FROM attempts a JOIN verdicts v"
            " ON v.id = a.verdict_id WHERE a.node = ? AND (? IS NULL OR a.iteration = ?)"
            " ORDER BY a.iteration, a.place",
            (node, iteration, iteration),
        )
        return [
            (r["iteration"], Attempt.from_json(json.loads(r["attempt"])), Feedback.from_json(json.loads(r["verdict"])))
            for r in rows
        ]

    # programs, exemplars, iterations ----------------------------------------------------------------

    async def commit_iteration(
        self,
        record: IterationRecord,
        *,
        programs: Iterable[Program],
        born: Iterable[Exemplar],
        died: Mapping[str, str],
        events: Sequence[tuple[str, JsonValue]] = (),
    ) -> None:
        """One transaction: the new revision, the champion, the measurements and the decisions.

        `born` are new exemplars; `died` maps the ids of those that die at this revision to the reason.
        """
        statements: list[Statement] = [
            ("INSERT OR IGNORE INTO programs VALUES(?, ?)", (p.id, _dump(p.to_json()))) for p in programs
        ]
        statements += [
            ("INSERT INTO exemplars VALUES(?, ?, ?, ?, ?)", (e.id, e.born, ALIVE, "", _dump(e.to_json()))) for e in born
        ]
        statements += [
            ("UPDATE exemplars SET died = ?, death = ? WHERE id = ?", (record.revision, reason, exemplar_id))
            for exemplar_id, reason in died.items()
        ]
        statements += [
            ("INSERT INTO events VALUES(?, ?, ?, ?)", (record.number, place, kind, _dump(body)))
            for place, (kind, body) in enumerate(events)
        ]
        statements.append(
            ("INSERT INTO iterations VALUES(?, ?, ?)", (record.number, record.champion_id, _dump(record.to_json())))
        )
        await self._write(*statements)

    def iterations(self) -> list[IterationRecord]:
        """All committed iterations, in order; number 0 is the seed."""
        return [
            IterationRecord.from_json(json.loads(row["body"]))
            for row in self._rows("SELECT body FROM iterations ORDER BY number")
        ]

    def program(self, program_id: str) -> Program:
        rows = self._rows("SELECT body FROM programs WHERE id = ?", (program_id,))
        if not rows:
            raise StorageError(f"program {program_id} is not in {self.path}; run `burnish doctor` on the run")
        return Program.from_json(json.loads(rows[0]["body"]))

    def exemplars(self) -> list[Exemplar]:
        """Every exemplar that ever was, dead ones included, by birth and id."""
        rows = self._rows("SELECT body, died, death FROM exemplars ORDER BY born, id")
        return [Exemplar.from_json({**json.loads(r["body"]), "died": r["died"], "death": r["death"]}) for r in rows]

    def events(self, iteration: int | None = None) -> list[tuple[int, str, JsonValue]]:
        """(iteration, kind, body) of what happened besides: refusals, guard actions, proposals."""
        rows = self._rows(
            "SELECT iteration, kind, body FROM events WHERE ? IS NULL OR iteration = ? ORDER BY iteration, place",
            (iteration, iteration),
        )
        return [(r["iteration"], r["kind"], json.loads(r["body"])) for r in rows]

    # sealed test ------------------------------------------------------------------------------------

    def set_sealed(self, record: SealedRecord) -> None:
        """The outcome of the sealed test; kept once, never replaced."""
        self._write_blocking([("INSERT OR IGNORE INTO meta VALUES('sealed', ?)", (_dump(record.to_json()),))])

    def sealed(self) -> SealedRecord | None:
        rows = self._rows("SELECT value FROM meta WHERE key = 'sealed'")
        return SealedRecord.from_json(json.loads(rows[0]["value"])) if rows else None

    # the mechanism ----------------------------------------------------------------------------------

    def _check_version(self) -> None:
        tables = self._rows("SELECT name FROM sqlite_master WHERE name = 'meta'")
        version = self.meta("schema") if tables else None
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise RunTooNew(
                f"{self.path.parent} was written by a newer version of Burnish (schema {version}, this one reads "
                f"{SCHEMA_VERSION}); upgrade with `pip install -U burnish`"
            )
        if isinstance(version, int) and version < SCHEMA_VERSION:
            raise RunTooOld(
                f"{self.path.parent} was written by an older version of Burnish (schema {version}, this one reads "
                f"{SCHEMA_VERSION}); use the version that wrote it, or start a new run"
            )

    def _rows(self, sql: str, values: tuple[Value, ...] = ()) -> list[sqlite3.Row]:
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self.path} cannot be read ({error}); restore it from a copy") from None

    async def _write(self, *statements: Statement) -> None:
        if self._writer is None:
            raise StorageError(f"{self.path} is open for reading only")
        if statements:
            await self._writer.write(*statements)

    def _write_blocking(self, statements: Sequence[Statement]) -> None:
        if self._writer is None:
            raise StorageError(f"{self.path} is open for reading only")
        self._writer.write_blocking(*statements)


def _usage(row: sqlite3.Row) -> Usage:
    return Usage(*(row[field.name] or 0 for field in fields(Usage)))


def _dump(value: object) -> str:
    # ensure_ascii keeps lone surrogates, which SQLite's UTF-8 would refuse
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
