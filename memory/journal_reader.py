"""The read view of a journal: what claims, exports, reports and verification know of a run, and all they can do to it.

One method a kind of fact. Everything is read from the file at each call, also while another process writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from burnish import __version__
from burnish.errors import ConfigError, StorageError
from burnish.memory.connection import fetched, opened, stored, unpacked, way_out
from burnish.memory.schema import REPLAYED, SPENT
from burnish.memory.writer import Value
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
from burnish.types import Attempt, Exemplar, Feedback, JsonValue, Played, Task, Usage


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


class JournalReader:
    """One `journal.db`, looked into. `Journal` is this and writes."""

    def __init__(self, path: Path, mode: Literal["ro", "rw"] = "ro") -> None:
        if mode == "ro" and not path.is_file():
            raise StorageError(f"{path.parent} holds no run (no {path.name}); give the directory of a run")
        self.path = path
        self._reader, self.version = opened(path, mode)
        """The connection, and the version of the tables in the file."""

    @property
    def begun(self) -> int:
        """The version of the tables with which the run began."""
        begun = self.meta("begun")
        return begun if isinstance(begun, int) else self.version

    @property
    def is_current(self) -> bool:
        """Whether the run began with a version that did as this one does, so that the run can be made again."""
        return self.begun >= REPLAYED and self.meta("version") in (None, __version__)

    def copy_to(self, path: Path, *, without: Sequence[str] = (), tables: Sequence[str] | None = None) -> None:
        """Write a copy to `path`, all of it or nothing, that lacks some facts of the whole run, by name. Where `tables`
        are named, the others are left empty.
        """
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        try:
            with closing(sqlite3.connect(part)) as copy:
                self._reader.backup(copy)
                copy.executemany("DELETE FROM meta WHERE key = ?", [(name,) for name in without])
                if tables is not None:
                    for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                        if name not in {*tables, "meta"} and not name.startswith("sqlite_"):
                            copy.execute(f"DELETE FROM {name}")  # noqa: S608 (a table's own name)
                copy.commit()
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self.path} cannot be copied ({error}); {way_out(self.path)}") from None
        part.replace(path)

    def metas(self) -> dict[str, JsonValue]:
        """All facts of the whole run, by name."""
        return {row["key"]: stored(row["value"]) for row in self._rows("SELECT key, value FROM meta ORDER BY key")}

    def rows(self, sql: str, values: tuple[Value, ...] = ()) -> list[tuple[Value, ...]]:
        """What a query of the tables says, as they are in `burnish.memory.schema`."""
        return [tuple(row) for row in self._rows(sql, values)]

    def named_rows(self, sql: str, values: tuple[Value, ...] = ()) -> list[sqlite3.Row]:
        """The same, each row by the names of its columns."""
        return self._rows(sql, values)

    def close(self) -> None:
        self._reader.close()

    def meta(self, key: str) -> JsonValue:
        """A fact of the whole run, None when it was never set."""
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return stored(rows[0]["value"]) if rows else None

    # calls -----------------------------------------------------------------------------------------

    def completions(self, iteration: int) -> dict[str, Completion]:
        """Every answered call of an iteration, by `str(CallKey)`."""
        rows = self._rows("SELECT key, body FROM calls WHERE iteration = ? AND state = 'done'", (iteration,))
        return {row["key"]: Completion.from_json(stored(row["body"])) for row in rows}

    def rejections(self, iteration: int) -> dict[str, tuple[str, bool]]:
        """Every call of an iteration that the server gave no answer to, by `str(CallKey)`: what it said, and whether it
        may pass.
        """
        sql = "SELECT key, state, body FROM calls WHERE iteration = ? AND state IN ('rejected', 'faulty') ORDER BY try"
        return {row["key"]: (row["body"], row["state"] == "faulty") for row in self._rows(sql, (iteration,))}

    def unpaid(self, iteration: int) -> dict[str, tuple[str, str]]:
        """Every call of an iteration that the budget did not allow: the name of the limit, and what was said."""
        rows = self._rows("SELECT key, budget, reason FROM unpaid WHERE iteration = ?", (iteration,))
        return {row["key"]: (row["budget"], row["reason"]) for row in rows}

    def request(self, digest: str) -> str | None:
        """What a call sent, as canonical JSON; its digest is the end of the call's key. None in older journals."""
        rows = self._rows("SELECT body FROM requests WHERE digest = ?", (digest,))
        return unpacked(rows[0]["body"]) if rows else None

    def request_of_first_call(self) -> str | None:
        """What the first call of iteration 1 sent; None in a run that began before requests were kept."""
        rows = self._rows("SELECT key FROM calls WHERE iteration = 1 AND state = 'done' ORDER BY key LIMIT 1")
        return self.request(rows[0]["key"].rpartition("/")[2]) if rows else None

    def models(self, role: str) -> list[str]:
        """The names of all models that answered in a role."""
        sql = "SELECT DISTINCT json_extract(body, '$.model') AS model FROM calls WHERE role = ? AND state = 'done'"
        return sorted(row["model"] for row in self._rows(sql, (role,)))

    def answered(self, role: str = "", *, iteration: int | None = None) -> bool:
        """Whether a model ever answered in a role, or in any; with `iteration` in that."""
        sql = "SELECT 1 FROM calls WHERE ? IN ('', role) AND ? IN (iteration, -99) AND state = 'done' LIMIT 1"
        return bool(self._rows(sql, (role, -99 if iteration is None else iteration)))

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

    def calls_of(self, iteration: int) -> int:
        """How many calls an iteration made."""
        rows = self._rows("SELECT COUNT(*) AS calls FROM calls WHERE iteration = ?", (iteration,))
        return int(rows[0]["calls"])

    def spent_by(self) -> list[Spent]:
        """Usage by iteration, node and role."""
        sql = SPENT.format(
            group="iteration, node, role,",
            tail="GROUP BY iteration, node, role ORDER BY iteration, node, role",
        )
        return [Spent(r["iteration"], r["node"], r["role"], _usage(r)) for r in self._rows(sql)]

    # tasks, attempts, verdicts ---------------------------------------------------------------------

    def task(self, task_id: str) -> Task:
        """A task that was drawn in this run."""
        rows = self._rows("SELECT body FROM tasks WHERE id = ?", (task_id,))
        if not rows:
            raise StorageError(f"task {task_id} is not in {self.path}; the journal is incomplete: run `burnish doctor`")
        return Task.from_json(stored(rows[0]["body"]))

    def has_task(self, task_id: str) -> bool:
        """Whether a task was drawn or made in this run."""
        return bool(self._rows("SELECT 1 FROM tasks WHERE id = ?", (task_id,)))

    def tasks(self) -> dict[str, Task]:
        """Every task that was drawn in this run, by id."""
        return {row["id"]: Task.from_json(stored(row["body"])) for row in self._rows("SELECT id, body FROM tasks")}

    def turn(self, key: TurnKey) -> Played | None:
        """A turn that was played, None when it was not yet."""
        sql = "SELECT body FROM turns WHERE iteration = ? AND node = ? AND item = ? AND slot = ? AND number = ?"
        rows = self._rows(sql, astuple(key))
        return Played.from_json(stored(rows[0]["body"])) if rows else None

    def verdicts(self, ids: Iterable[str]) -> dict[str, Feedback]:
        """The verdicts known for attempts, by `Attempt.id`."""
        found = {}
        for attempt_id in ids:
            rows = self._rows("SELECT verdict FROM attempts WHERE id = ?", (attempt_id,))
            feedbacks = [Feedback.from_json(stored(body)) for body in dict.fromkeys(row["verdict"] for row in rows)]
            if feedbacks:
                found[attempt_id] = next((f for f in feedbacks if f.status.judged), feedbacks[0])
        return found

    def judged(self, node: str, iteration: int | None = None) -> list[tuple[int, Attempt, Feedback]]:
        """(iteration, attempt, feedback) of a node, in order; of all iterations when none is given."""
        rows = self._rows(
            "SELECT iteration, body AS attempt, verdict FROM attempts WHERE node = ? AND (? IS NULL OR iteration = ?)"
            " ORDER BY iteration, place",
            (node, iteration, iteration),
        )
        return [
            (r["iteration"], Attempt.from_json(stored(r["attempt"])), Feedback.from_json(stored(r["verdict"])))
            for r in rows
        ]

    def nodes(self) -> list[str]:
        """The nodes that had answers judged, by name."""
        return [row["node"] for row in self._rows("SELECT DISTINCT node FROM attempts ORDER BY node")]

    # programs, exemplars, iterations ---------------------------------------------------------------

    def iterations(self) -> list[IterationRecord]:
        """All committed iterations, in order; number 0 is the seed."""
        return [
            IterationRecord.from_json(stored(row["body"]))
            for row in self._rows("SELECT body FROM iterations ORDER BY number")
        ]

    def newest(self) -> int | None:
        """The number of the last committed iteration; None before the first."""
        (row,) = self._rows("SELECT MAX(number) AS number FROM iterations")
        return None if row["number"] is None else int(row["number"])

    def iterations_within(self, after: int, until: int) -> list[IterationRecord]:
        """The committed iterations after one, until another."""
        rows = self._rows(
            "SELECT body FROM iterations WHERE number > ? AND number <= ? ORDER BY number", (after, until)
        )
        return [IterationRecord.from_json(stored(row["body"])) for row in rows]

    def champion(self, iteration: int) -> Program:
        """The champion as of a committed iteration."""
        (row,) = self._rows("SELECT champion FROM iterations WHERE number = ?", (iteration,))
        return self.program(row["champion"])

    def program(self, program_id: str) -> Program:
        rows = self._rows("SELECT body FROM programs WHERE id = ?", (program_id,))
        if not rows:
            raise StorageError(f"program {program_id} is not in {self.path}; run `burnish doctor` on the run")
        return Program.from_json(stored(rows[0]["body"]))

    def exemplars(self) -> list[Exemplar]:
        """Every exemplar that ever was, dead ones included, by birth and id."""
        return self.exemplars_where("1", ())

    def exemplars_at(self, revision: int) -> list[Exemplar]:
        """Those alive at a revision, by birth and id."""
        return self.exemplars_where("born <= ? AND died > ?", (revision, revision))

    def remembered(self, revision: int) -> int:
        """How many are alive at a revision."""
        sql = "SELECT COUNT(*) AS n FROM exemplars WHERE born <= ? AND died > ?"
        return int(self._rows(sql, (revision, revision))[0]["n"])

    def exemplars_named(self, ids: Sequence[str]) -> list[Exemplar]:
        """Those with these ids, in their order; one that never was is left out."""
        found = {one.id: one for one in self.exemplars_where(f"id IN ({','.join('?' * len(ids))})", tuple(ids))}
        return [found[id_] for id_ in ids if id_ in found]

    def exemplars_where(self, where: str, values: tuple[Value, ...] = (), *, order: str = "born, id") -> list[Exemplar]:
        """Those whose rows fulfil a condition of ours, by birth and id or in another order of ours."""
        sql = f"SELECT body, died, death FROM exemplars WHERE {where} ORDER BY {order}"  # noqa: S608 (our own)
        return [
            Exemplar.from_json({**stored(r["body"]), "died": r["died"], "death": r["death"]})
            for r in self._rows(sql, values)
        ]

    def applicants(self, iteration: int | None = None) -> list[tuple[int, ApplicantRecord]]:
        """(iteration, applicant) of all that could be remembered; nothing in older journals."""
        sql = "SELECT iteration, body FROM applicants WHERE ? IS NULL OR iteration = ? ORDER BY iteration, place"
        rows = self._rows(sql, (iteration, iteration))
        return [(row["iteration"], ApplicantRecord.from_json(stored(row["body"]))) for row in rows]

    def deaths(self) -> dict[str, DeathRecord]:
        """Why exemplars died, by id; nothing in older journals, where the exemplar alone says it."""
        rows = self._rows("SELECT exemplar, body FROM deaths")
        return {row["exemplar"]: DeathRecord.from_json(stored(row["body"])) for row in rows}

    def events(self, iteration: int | None = None) -> list[tuple[int, str, JsonValue]]:
        """(iteration, kind, body) of what happened besides: refusals, guard actions, proposals."""
        rows = self._rows(
            "SELECT iteration, kind, body FROM events WHERE ? IS NULL OR iteration = ? ORDER BY iteration, place",
            (iteration, iteration),
        )
        return [(r["iteration"], r["kind"], stored(r["body"])) for r in rows]

    # people ----------------------------------------------------------------------------------------

    def questions(self) -> list[Question]:
        """All that was asked, in order."""
        rows = self._rows("SELECT body FROM questions ORDER BY rowid")
        return [Question.from_json(stored(row["body"])) for row in rows]

    def decisions(self) -> list[Decision]:
        """All decisions, in order."""
        rows = self._rows("SELECT body FROM decisions ORDER BY number")
        return [Decision.from_json(stored(row["body"])) for row in rows]

    # sealed test -----------------------------------------------------------------------------------

    def sealed(self) -> SealedRecord | None:
        rows = self._rows("SELECT value FROM meta WHERE key = 'sealed'")
        return SealedRecord.from_json(stored(rows[0]["value"])) if rows else None

    def _rows(self, sql: str, values: tuple[Value, ...] = ()) -> list[sqlite3.Row]:
        try:
            return fetched(self._reader, sql, values)
        except UnicodeEncodeError:
            raise ConfigError("what was asked for holds bytes that are no text; give it in UTF-8") from None
        except sqlite3.DatabaseError as error:
            raise StorageError(f"{self.path} cannot be read ({error}); {way_out(self.path)}") from None


def _usage(row: sqlite3.Row) -> Usage:
    return Usage(*(row[field.name] or 0 for field in fields(Usage)))
