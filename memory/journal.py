"""The journal: the append-only SQLite record of a run and its one source of truth.

One table a kind of fact, one method a table. What is written here is on disk when the method returns.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields

from burnish.errors import StorageError
from burnish.memory.journal_file import JournalFile, dump
from burnish.memory.schema import SPENT
from burnish.memory.writer import Statement
from burnish.programs import Program
from burnish.records import Completion, Decision, IterationRecord, Question, SealedRecord
from burnish.types import ALIVE, Attempt, Exemplar, Feedback, JsonValue, Played, Task, Usage


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


class Journal(JournalFile):
    """Reads and writes what a run did, a method a kind of fact."""

    # calls ----------------------------------------------------------------------------------------

    async def add_intent(self, key: CallKey, try_number: int, *, tokens: int, usd: float) -> None:
        """A call is about to be sent, with its worst case. `try_number` counts the tries from 0."""
        await self._write(
            (
                "INSERT INTO calls(key, try, iteration, node, role, state, reserved_tokens, reserved_usd)"
                " VALUES(?, ?, ?, ?, ?, 'intent', ?, ?)",
                (str(key), try_number, key.iteration, key.node, key.role, tokens, usd),
            )
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

    async def add_failure(self, key: CallKey, try_number: int, *, lost: bool, reason: str) -> None:
        """A try that brought no answer: refused by the server (costs no tokens) or `lost` (worst case)."""
        state = "lost" if lost else "failed"
        await self._write(
            ("UPDATE calls SET state = ?, body = ? WHERE key = ? AND try = ?", (state, reason, str(key), try_number))
        )

    def completions(self, iteration: int) -> dict[str, Completion]:
        """Every answered call of an iteration, by `str(CallKey)`."""
        rows = self._rows("SELECT key, body FROM calls WHERE iteration = ? AND state = 'done'", (iteration,))
        return {row["key"]: Completion.from_json(json.loads(row["body"])) for row in rows}

    def models(self, role: str) -> list[str]:
        """The names of all models that answered in a role."""
        sql = "SELECT DISTINCT json_extract(body, '$.model') AS model FROM calls WHERE role = ? AND state = 'done'"
        return sorted(row["model"] for row in self._rows(sql, (role,)))

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
            *(("INSERT OR IGNORE INTO tasks VALUES(?, ?)", (t.id, dump(t.to_json()))) for t in tasks)
        )  # fmt: skip

    def task(self, task_id: str) -> Task:
        """A task that was drawn in this run."""
        rows = self._rows("SELECT body FROM tasks WHERE id = ?", (task_id,))
        if not rows:
            raise StorageError(f"task {task_id} is not in {self.path}; the journal is incomplete: run `burnish doctor`")
        return Task.from_json(json.loads(rows[0]["body"]))

    def has_task(self, task_id: str) -> bool:
        """Whether a task was drawn or made in this run."""
        return bool(self._rows("SELECT 1 FROM tasks WHERE id = ?", (task_id,)))

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
                    (attempt.id, attempt.task_id, dump(feedback.to_json())),
                ),
                (
                    "INSERT OR REPLACE INTO attempts VALUES(?, ?, ?, ?, ?)",
                    (iteration, node, place, attempt.id, dump(attempt.to_json())),
                ),
            ]
        await self._write(*statements)

    async def add_turn(self, key: TurnKey, turn: Played) -> None:
        """A turn that was played; one that is played again after a crash is the same."""
        await self._write(
            ("INSERT OR REPLACE INTO turns VALUES(?, ?, ?, ?, ?, ?)", (*astuple(key), dump(turn.to_json())))
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

    def nodes(self) -> list[str]:
        """The nodes that had answers judged, by name."""
        return [row["node"] for row in self._rows("SELECT DISTINCT node FROM attempts ORDER BY node")]

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
            ("INSERT OR IGNORE INTO programs VALUES(?, ?)", (p.id, dump(p.to_json()))) for p in programs
        ]
        statements += [
            ("INSERT INTO exemplars VALUES(?, ?, ?, ?, ?)", (e.id, e.born, ALIVE, "", dump(e.to_json()))) for e in born
        ]
        statements += [
            ("UPDATE exemplars SET died = ?, death = ? WHERE id = ?", (record.revision, reason, exemplar_id))
            for exemplar_id, reason in died.items()
        ]
        statements += [
            ("INSERT INTO events VALUES(?, ?, ?, ?)", (record.number, place, kind, dump(body)))
            for place, (kind, body) in enumerate(events)
        ]
        statements.append(
            ("INSERT INTO iterations VALUES(?, ?, ?)", (record.number, record.champion_id, dump(record.to_json())))
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

    # people -----------------------------------------------------------------------------------------

    async def add_questions(self, questions: Iterable[Question]) -> None:
        """Ask people; what was asked before is asked once."""
        await self._write(
            *(
                ("INSERT OR IGNORE INTO questions VALUES(?, ?, ?)", (q.id, q.iteration, dump(q.to_json())))
                for q in questions
            )
        )

    def questions(self) -> list[Question]:
        """All that was asked, in order."""
        rows = self._rows("SELECT body FROM questions ORDER BY rowid")
        return [Question.from_json(json.loads(row["body"])) for row in rows]

    def add_decision(self, decision: Decision) -> None:
        """What a person said; decisions are kept all, and of each question the last one counts."""
        self._write_blocking(
            [("INSERT INTO decisions(question, body) VALUES(?, ?)", (decision.question, dump(decision.to_json())))]
        )

    def decisions(self) -> list[Decision]:
        """All decisions, in order."""
        rows = self._rows("SELECT body FROM decisions ORDER BY number")
        return [Decision.from_json(json.loads(row["body"])) for row in rows]

    # sealed test ------------------------------------------------------------------------------------

    def set_sealed(self, record: SealedRecord) -> None:
        """The outcome of the sealed test; kept once, never replaced."""
        self._write_blocking([("INSERT OR IGNORE INTO meta VALUES('sealed', ?)", (dump(record.to_json()),))])

    def sealed(self) -> SealedRecord | None:
        rows = self._rows("SELECT value FROM meta WHERE key = 'sealed'")
        return SealedRecord.from_json(json.loads(rows[0]["value"])) if rows else None


def _usage(row: sqlite3.Row) -> Usage:
    return Usage(*(row[field.name] or 0 for field in fields(Usage)))
