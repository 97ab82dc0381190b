"""What a person names: any id of a run, or its beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.types import ALIVE, Record

Kind: TypeAlias = Literal["exemplar", "program", "task", "answer", "call", "race", "iteration"]
TABLES: tuple[tuple[Kind, str], ...] = (
    ("exemplar", "exemplars"),
    ("program", "programs"),
    ("task", "tasks"),
    ("answer", "attempts"),
)
NUMBERED = re.compile(r"(?P<kind>race|iteration)[ #:]*(?P<number>-?\d+)$")
LEAST, OFFERED = 3, 5
_LAST = "\U0010ffff"
"""Comes after every other character."""


def latest(at: int | None) -> int:
    """An iteration, or one later than any: what there is until then is what there is."""
    return ALIVE if at is None else at


@dataclass(frozen=True)
class Named(Record):
    """What an id names. That of a race or an iteration is its number."""

    kind: Kind
    id: str


def named(journal: JournalReader, text: str) -> Named:
    """What is named by an id, by its beginning, or as `race 3` or `iteration 3`.

    Raises:
        ConfigError: nothing is named so, or several things; the message names some that are near.

    """
    text = text.strip() if "/" in text else text.strip().lower()
    if found := NUMBERED.match(text):
        kind: Kind = "race" if found["kind"] == "race" else "iteration"
        return Named(kind, found["number"])
    column = "key" if "/" in text else "id"
    tables: tuple[tuple[Kind, str], ...] = (("call", "calls"),) if column == "key" else TABLES
    within = [
        Named(kind, id_)
        for kind, table in (tables if len(text) >= LEAST else ())
        for id_ in _beginning(journal, table, column, text)
    ]
    exact = [one for one in within if one.id == text] or within
    if len(exact) == 1:
        return exact[0]
    if exact:
        some = ", ".join(f"{one.kind} {one.id}" for one in exact[:OFFERED])
        raise ConfigError(f"{text} may be {some}{', ...' if len(exact) > OFFERED else ''}; give more of the id")
    if len(text) < LEAST:
        raise ConfigError(f"{text!r} is too short to name anything; give at least {LEAST} characters of an id")
    near = _near(journal, tables, column, text)
    offered = f"; near it are {', '.join(near)}" if near else ""
    raise ConfigError(
        f"this run has nothing named {text!r}{offered}. Give the id of an exemplar, program, task, answer or call, its "
        "first characters, `race 1` or `iteration 1`"
    )


def _beginning(journal: JournalReader, table: str, column: str, text: str) -> list[str]:
    sql = f"SELECT DISTINCT {column} AS id FROM {table} WHERE {column} >= ? AND {column} < ? LIMIT {OFFERED + 1}"  # noqa: S608 (our own names)
    return [row["id"] for row in journal.named_rows(sql, (text, text + _LAST))]


def _near(journal: JournalReader, tables: tuple[tuple[Kind, str], ...], column: str, text: str) -> list[str]:
    """Ids that begin or read like it."""
    begins = text[:LEAST] if column == "id" else text.rsplit("/", 1)[0]
    known = [id_ for _, table in tables for id_ in _beginning(journal, table, column, begins)]
    if not known:
        known = [
            row["id"]
            for _, table in tables
            for row in journal.named_rows(f"SELECT DISTINCT {column} AS id FROM {table} LIMIT 2000")  # noqa: S608
        ]
    return get_close_matches(text, known, n=OFFERED, cutoff=0.3)
