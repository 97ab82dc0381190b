"""The tables of a journal."""

from __future__ import annotations

SCHEMA_VERSION = 4
"""Counts the changes after which a run can only go on with the version that began it."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tasks(id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS programs(id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls(
  key TEXT NOT NULL, try INTEGER NOT NULL, iteration INTEGER NOT NULL, node TEXT NOT NULL, role TEXT NOT NULL,
  state TEXT NOT NULL, reserved_tokens INTEGER NOT NULL, reserved_usd REAL NOT NULL,
  prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,
  cached_tokens INTEGER NOT NULL DEFAULT 0, usd REAL NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
  body TEXT NOT NULL DEFAULT '', PRIMARY KEY(key, try)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts(id TEXT PRIMARY KEY, task_id TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS attempts(
  iteration INTEGER NOT NULL, node TEXT NOT NULL, place INTEGER NOT NULL, verdict_id TEXT NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY(iteration, node, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS turns(
  iteration INTEGER NOT NULL, node TEXT NOT NULL, item TEXT NOT NULL, slot INTEGER NOT NULL, number INTEGER NOT NULL,
  body TEXT NOT NULL, PRIMARY KEY(iteration, node, item, slot, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exemplars(
  id TEXT PRIMARY KEY, born INTEGER NOT NULL, died INTEGER NOT NULL, death TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS iterations(number INTEGER PRIMARY KEY, champion TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events(
  iteration INTEGER NOT NULL, place INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(iteration, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions(id TEXT PRIMARY KEY, iteration INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS decisions(
  number INTEGER PRIMARY KEY AUTOINCREMENT, question TEXT NOT NULL, body TEXT NOT NULL);
"""

SPENT = """
SELECT {group} COUNT(*) AS calls,
  SUM(CASE WHEN state IN ('intent', 'lost') THEN reserved_tokens ELSE prompt_tokens END) AS prompt_tokens,
  SUM(completion_tokens) AS completion_tokens, SUM(cached_tokens) AS cached_tokens,
  SUM(CASE WHEN state IN ('intent', 'lost') THEN reserved_usd ELSE usd END) AS usd, SUM(seconds) AS seconds
FROM calls {tail}
"""
