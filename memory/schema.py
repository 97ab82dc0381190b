"""The tables of a journal, and how an older journal becomes one of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType

SCHEMA_VERSION = 7
"""Counts the changes of the tables, and of what a run does that began with them."""

OLDEST = 2
"""The oldest version that can be read."""

REPLAYED = 5
"""The oldest version whose runs can be made again: those before kept no requests."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tasks(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS programs(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests(digest TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS calls(
  key TEXT NOT NULL, try INTEGER NOT NULL, iteration INTEGER NOT NULL, node TEXT NOT NULL, role TEXT NOT NULL,
  state TEXT NOT NULL, reserved_tokens INTEGER NOT NULL, reserved_usd REAL NOT NULL,
  prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,
  cached_tokens INTEGER NOT NULL DEFAULT 0, usd REAL NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
  body TEXT NOT NULL DEFAULT '', waited REAL NOT NULL DEFAULT 0, PRIMARY KEY(key, try)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unpaid(
  key TEXT PRIMARY KEY, iteration INTEGER NOT NULL, budget TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts(
  iteration INTEGER NOT NULL, node TEXT NOT NULL, place INTEGER NOT NULL, id TEXT NOT NULL, program TEXT NOT NULL,
  body TEXT NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY(iteration, node, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shown(
  exemplar TEXT NOT NULL, iteration INTEGER NOT NULL, node TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY(exemplar, iteration, node, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answered(
  task TEXT NOT NULL, iteration INTEGER NOT NULL, node TEXT NOT NULL, place INTEGER NOT NULL,
  verified INTEGER NOT NULL, cell TEXT NOT NULL, PRIMARY KEY(task, iteration, node, place)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS answering AFTER INSERT ON attempts BEGIN
  INSERT OR IGNORE INTO shown SELECT value, NEW.iteration, NEW.node, NEW.place
  FROM json_each(NEW.body, '$.exemplar_ids');
  INSERT OR REPLACE INTO answered VALUES(json_extract(NEW.body, '$.task_id'), NEW.iteration, NEW.node, NEW.place,
  json_extract(NEW.verdict, '$.verified'),
  COALESCE((SELECT json_extract(t.body, '$.cell') FROM tasks t WHERE t.id = json_extract(NEW.body, '$.task_id')), ''));
END;
CREATE TABLE IF NOT EXISTS turns(
  iteration INTEGER NOT NULL, node TEXT NOT NULL, item TEXT NOT NULL, slot INTEGER NOT NULL, number INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY(iteration, node, item, slot, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exemplars(
  id TEXT PRIMARY KEY, born INTEGER NOT NULL, died INTEGER NOT NULL, death TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS applicants(
  iteration INTEGER NOT NULL, place INTEGER NOT NULL, attempt TEXT NOT NULL, exemplar TEXT NOT NULL,
  outcome TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(iteration, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deaths(
  exemplar TEXT PRIMARY KEY, iteration INTEGER NOT NULL, other TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS iterations(number INTEGER PRIMARY KEY, champion TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events(
  iteration INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(iteration, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS decisions(
  number INTEGER PRIMARY KEY AUTOINCREMENT, question TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS by_hand(
  number INTEGER PRIMARY KEY AUTOINCREMENT, iteration INTEGER, body TEXT NOT NULL, lessons TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS links(
  number INTEGER PRIMARY KEY, iteration INTEGER NOT NULL, decisions INTEGER NOT NULL, digest TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS calls_of ON calls(iteration, state);
CREATE INDEX IF NOT EXISTS attempts_by_id ON attempts(id);
CREATE INDEX IF NOT EXISTS exemplars_by_cell ON exemplars(COALESCE(json_extract(body, '$.cell'), ''));
CREATE INDEX IF NOT EXISTS exemplars_by_task ON exemplars(json_extract(body, '$.task_id'));
CREATE INDEX IF NOT EXISTS exemplars_by_former ON exemplars(json_extract(body, '$.again'));
CREATE INDEX IF NOT EXISTS attempts_by_program ON attempts(program, iteration);
CREATE INDEX IF NOT EXISTS attempts_by_node ON attempts(node, iteration);
CREATE INDEX IF NOT EXISTS applicants_by_attempt ON applicants(attempt);
CREATE INDEX IF NOT EXISTS applicants_by_exemplar ON applicants(exemplar);
CREATE INDEX IF NOT EXISTS deaths_by_other ON deaths(other);
CREATE INDEX IF NOT EXISTS exemplars_by_birth ON exemplars(born, died);
CREATE INDEX IF NOT EXISTS exemplars_by_death ON exemplars(died);
CREATE INDEX IF NOT EXISTS deaths_of ON deaths(iteration);
CREATE INDEX IF NOT EXISTS tasks_of ON tasks(iteration);
CREATE INDEX IF NOT EXISTS programs_of ON programs(iteration);
CREATE INDEX IF NOT EXISTS events_by_kind ON events(kind, iteration);
"""

MIGRATIONS: Mapping[int, Sequence[str]] = MappingProxyType(
    {
        2: (),  # what was written since then has only grown
        3: (
            "CREATE TABLE questions(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL)",
            "CREATE TABLE decisions(number INTEGER PRIMARY KEY AUTOINCREMENT, question TEXT NOT NULL,"
            " body TEXT NOT NULL)",
        ),
        4: (
            # Before, a task or program did not say when it was first met.
            "CREATE TABLE tasks_5(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL)",
            "INSERT INTO tasks_5 SELECT t.id, COALESCE((SELECT MIN(a.iteration) FROM attempts a JOIN verdicts v"
            " ON v.id = a.verdict_id WHERE v.task_id = t.id), 0), t.body FROM tasks t",
            "DROP TABLE tasks",
            "ALTER TABLE tasks_5 RENAME TO tasks",
            "CREATE TABLE programs_5(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL)",
            "INSERT INTO programs_5 SELECT p.id, COALESCE((SELECT MIN(i.number) FROM iterations i"
            " WHERE i.champion = p.id), 0), p.body FROM programs p",
            "DROP TABLE programs",
            "ALTER TABLE programs_5 RENAME TO programs",
            "ALTER TABLE calls ADD COLUMN waited REAL NOT NULL DEFAULT 0",
            "CREATE TABLE attempts_5(iteration INTEGER NOT NULL, node TEXT NOT NULL, place INTEGER NOT NULL,"
            " id TEXT NOT NULL, program TEXT NOT NULL, body TEXT NOT NULL, verdict TEXT NOT NULL,"
            " PRIMARY KEY(iteration, node, place)) WITHOUT ROWID",
            "INSERT INTO attempts_5 SELECT a.iteration, a.node, a.place, a.verdict_id,"
            " json_extract(a.body, '$.program_id'), a.body, v.body FROM attempts a JOIN verdicts v"
            " ON v.id = a.verdict_id",
            "DROP TABLE attempts",
            "DROP TABLE verdicts",
            "ALTER TABLE attempts_5 RENAME TO attempts",
        ),
        5: (
            # Indices of what attempts say: which exemplar was shown, which task was answered and how.
            "CREATE TABLE shown(exemplar TEXT NOT NULL, iteration INTEGER NOT NULL, node TEXT NOT NULL,"
            " place INTEGER NOT NULL, PRIMARY KEY(exemplar, iteration, node, place)) WITHOUT ROWID",
            "INSERT OR IGNORE INTO shown SELECT s.value, a.iteration, a.node, a.place"
            " FROM attempts a, json_each(a.body, '$.exemplar_ids') s",
            "CREATE TABLE answered(task TEXT NOT NULL, iteration INTEGER NOT NULL, node TEXT NOT NULL,"
            " place INTEGER NOT NULL, verified INTEGER NOT NULL, cell TEXT NOT NULL,"
            " PRIMARY KEY(task, iteration, node, place)) WITHOUT ROWID",
            "INSERT OR IGNORE INTO answered SELECT json_extract(a.body, '$.task_id'), a.iteration, a.node, a.place,"
            " json_extract(a.verdict, '$.verified'), COALESCE(json_extract(t.body, '$.cell'), '')"
            " FROM attempts a LEFT JOIN tasks t ON t.id = json_extract(a.body, '$.task_id')",
        ),
        6: (
            "CREATE TABLE IF NOT EXISTS by_hand(number INTEGER PRIMARY KEY AUTOINCREMENT, iteration INTEGER,"
            " body TEXT NOT NULL, lessons TEXT NOT NULL)",
        ),
    }
)
"""What makes a journal of a version one of the next, a statement each."""


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Make the tables of a version those of today. They keep the version that the run began with, as `begun`."""
    for step in range(version, SCHEMA_VERSION):
        for statement in MIGRATIONS[step]:
            connection.execute(statement)
    connection.execute("INSERT OR IGNORE INTO meta VALUES('begun', ?)", (str(version),))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))


BY_ITERATION: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "iterations": ("number", "number"),
        "tasks": ("iteration", "id"),
        "programs": ("iteration", "id"),
        "attempts": ("iteration", "node, place"),
        "turns": ("iteration", "node, item, slot, number"),
        "exemplars": ("born", "id"),
        "applicants": ("iteration", "place"),
        "deaths": ("iteration", "exemplar"),
        "events": ("iteration", "place"),
        "questions": ("iteration", "id"),
        "unpaid": ("iteration", "key"),
        "calls": ("iteration", "key, try"),
    }
)
"""Of each table the column that says of which iteration a row is, and the order of rows."""

SPENT = """
SELECT {group} COUNT(*) AS calls,
  SUM(CASE WHEN state IN ('intent', 'lost') THEN reserved_tokens ELSE prompt_tokens END) AS prompt_tokens,
  SUM(completion_tokens) AS completion_tokens, SUM(cached_tokens) AS cached_tokens,
  SUM(CASE WHEN state IN ('intent', 'lost') THEN reserved_usd ELSE usd END) AS usd, SUM(seconds) AS seconds
FROM calls {tail}
"""
