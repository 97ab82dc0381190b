"""The chain of hashes over a journal: whoever keeps its head can tell any later edit.

A link is made for each iteration, and one for the sealed test; of later changes by hand there are further ones. A link
is the SHA-256 of the one before it and of every row that belongs to it, so the last, the head, stands for all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from burnish.memory.journal import Journal, dump
from burnish.memory.journal_reader import JournalReader
from burnish.memory.schema import BY_ITERATION
from burnish.records import SEALED
from burnish.types import ALIVE, JsonValue

BEFORE = ("config", "licence", "live", "provenance", "sandbox", "schema", "sealed_seed_sha256", "version")
"""Facts that are settled before the first call; the first link has them."""
UNSETTLED = frozenset({"seconds", "seconds apart", "outage", "dialects", "sittings"})
"""Facts that no link has: they may change when a finished run is looked at again."""
AFTER = -2
"""Stands for a link of what people decided after the sealed test."""
SETTINGS = "settings"
"""Under which name the journal has the SHA-256 of `run.toml`, once nothing is missing but the last link."""

PARENT = "parent"
"""Under which name the journal has the run that this one was forked from; the first link has it too."""

CALLS_BEFORE = "SELECT * FROM calls WHERE iteration = 0 ORDER BY key, try"
"""What the link of the sealed test has besides: calls before the first iteration."""
WHO_IS_ALIVE = (
    f"SELECT id, CASE WHEN died > ?1 THEN {ALIVE} ELSE died END,"  # noqa: S608 (a number)
    f" CASE WHEN died > ?1 AND died < {ALIVE} THEN '' ELSE death END FROM exemplars WHERE born <= ?1 ORDER BY id"
)
"""And who was alive after the last iteration before it: people may still change that by hand."""


@dataclass(frozen=True)
class Link:
    """The link of an iteration; it also holds the first so many decisions of people."""

    number: int
    iteration: int
    decisions: int
    digest: str


def links(journal: JournalReader) -> list[Link]:
    """The chain as it stands in the journal."""
    rows = journal.rows("SELECT number, iteration, decisions, digest FROM links ORDER BY number")
    return [Link(int(str(n)), int(str(i)), int(str(d)), str(digest)) for n, i, d, digest in rows]


def head_of(journal: JournalReader) -> str:
    """The digest of the last link; empty where there is none yet."""
    chain = links(journal)
    return chain[-1].digest if chain else ""


async def link(journal: Journal, *, finished: bool = False) -> str:
    """Make the links that are missing: of every committed iteration, of the sealed test where the run is finished, and
    of what people decided after it. The head.
    """
    known = links(journal)
    done = {one.iteration for one in known}
    before, after = _committed(journal)
    digest, first = (known[-1].digest, known[-1].decisions) if known else ("", 0)
    new = [n for n in [*before, *([SEALED] if finished else []), *after] if n not in done]
    if SEALED in done and not new and _decisions(journal) > first:
        new.append(AFTER)
    for iteration in new:
        decisions, last = _decisions(journal), max((one.iteration for one in known), default=0)
        digest = digest_of(journal, iteration, before=digest, decisions=(first, decisions), last=last)
        number, first = len(known), decisions
        known.append(Link(number, iteration, decisions, digest))
        await journal.add_link(number, iteration, decisions, digest)
    return digest


def wrong_links(journal: JournalReader) -> Iterator[str]:
    """Where the chain does not stand for the rows that are there, in a sentence each; the first says where to look."""
    before, first, last, chain = "", 0, 0, links(journal)
    linked = [one.iteration for one in chain if one.iteration not in (SEALED, AFTER)]
    ends = sum(one.iteration == SEALED for one in chain)
    before_end, after_end = _committed(journal)
    if journal.is_current and (linked != [*before_end, *after_end][: len(linked)] or ends > 1):
        yield "the chain of hashes is not of the iterations that the journal holds"
    if journal.meta(SETTINGS) is not None and not ends:
        yield f"the chain of hashes lacks its end; `burnish resume {journal.path.parent}` makes it after a crash"
    for number, one in enumerate(chain):
        names = {SEALED: "the sealed test", AFTER: "the decisions after it"}
        name = names.get(one.iteration, f"iteration {one.iteration}")
        if one.number != number:
            yield f"the chain of hashes lacks a link before that of {name}"
        if digest_of(journal, one.iteration, before=before, decisions=(first, one.decisions), last=last) != one.digest:
            yield f"the rows of {name} are not those that its link in the chain of hashes was made from"
        before, first, last = one.digest, one.decisions, max(last, one.iteration)


def digest_of(journal: JournalReader, iteration: int, *, before: str, decisions: tuple[int, int], last: int) -> str:
    """The digest of an iteration's link, after the link `before`, with the decisions of people from one number to
    another; `last` is the last iteration that was linked before.
    """
    sha = hashlib.sha256(before.encode())
    facts = {**journal.metas(), "schema": journal.begun}  # tables of later versions hold the same rows
    facts.pop("begun", None)
    if iteration == SEALED:
        settled: JsonValue = {key: value for key, value in facts.items() if key not in {*UNSETTLED, *BEFORE}}
    else:
        settled = {key: facts.get(key) for key in BEFORE} if iteration == 0 else {}
        settled |= {PARENT: facts[PARENT]} if iteration == 0 and PARENT in facts else {}
    sha.update(dump([iteration, settled]).encode())
    for table, (column, order) in BY_ITERATION.items():
        if table == "calls" and iteration == 0:
            continue  # the reflector may be probed again when a run goes on; the last link has those calls
        columns = "id, born, body" if table == "exemplars" else "*"  # the death comes with the iteration of the death
        sha.update(table.encode())
        sql = f"SELECT {columns} FROM {table} WHERE {column} = ? ORDER BY {order}"  # noqa: S608 (names of the schema)
        for row in journal.rows(sql, (iteration,)):
            sha.update(dump(row).encode())
    for row in journal.rows("SELECT id, died, death FROM exemplars WHERE died = ? ORDER BY id", (iteration,)):
        sha.update(dump(row).encode())
    besides = [(CALLS_BEFORE, ()), (WHO_IS_ALIVE, (last,)), *((strays(table), ()) for table in BY_ITERATION)]
    for sql, values in besides if iteration == SEALED else ():
        for row in journal.rows(sql, values):
            sha.update(dump(row).encode())
    for row in journal.rows("SELECT * FROM by_hand WHERE iteration = ? ORDER BY number", (iteration,)):
        sha.update(dump(row).encode())
    sql = "SELECT number, question, body FROM decisions WHERE number > ? AND number <= ? ORDER BY number"
    for row in journal.rows(sql, decisions):
        sha.update(dump(row).encode())
    return sha.hexdigest()


def strays(table: str) -> str:
    """The query for rows under a number that no committed iteration has, nor the sealed test."""
    column, order = BY_ITERATION[table]
    return (
        f"SELECT * FROM {table} WHERE {column} <> {SEALED}"  # noqa: S608 (names of the schema)
        f" AND {column} NOT IN (SELECT number FROM iterations) ORDER BY {column}, {order}"
    )


def heads(journal: JournalReader) -> set[str]:
    """The digests that have been the head of the finished run: later links have only what people did since."""
    chain = links(journal)
    end = next((place for place, one in enumerate(chain) if one.iteration == SEALED), len(chain) - 1)
    return {one.digest for one in chain[end:]} if chain else set()


def _committed(journal: JournalReader) -> tuple[list[int], list[int]]:
    """The iterations before the sealed test, and those by hand since."""
    after = "COALESCE(json_extract(body, '$.by_hand.after_sealed'), 0)"
    rows = journal.rows(f"SELECT number, {after} FROM iterations ORDER BY number")  # noqa: S608 (ours)
    return [int(str(n)) for n, late in rows if not late], [int(str(n)) for n, late in rows if late]


def _decisions(journal: JournalReader) -> int:
    return int(str(journal.rows("SELECT COALESCE(MAX(number), 0) FROM decisions")[0][0]))
