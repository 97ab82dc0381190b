"""Tables over a whole run: refusals, kinds of tasks by iteration, operators, spend."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from burnish.memory.journal_reader import JournalReader
from burnish.memory.schema import SPENT
from burnish.records import ADMITTED, GateRecord, ProposalRecord
from burnish.types import Record, Usage


@dataclass(frozen=True)
class Refusal(Record):
    """A reason for which answers were not remembered, how many there were, and some of them: ids of answers, the likest
    to what was remembered first.
    """

    reason: str
    answers: int
    examples: tuple[str, ...]


def refusals(journal: JournalReader, *, examples: int = 5) -> list[Refusal]:
    """Why answers were not remembered, the commonest reason first."""
    rows = journal.named_rows(
        "SELECT outcome, COUNT(*) AS n FROM applicants WHERE outcome != ? GROUP BY outcome ORDER BY n DESC, outcome",
        (ADMITTED,),
    )
    return [Refusal(row["outcome"], row["n"], tuple(_refused(journal, row["outcome"], examples))) for row in rows]


def _refused(journal: JournalReader, reason: str, count: int) -> list[str]:
    rows = journal.named_rows(
        "SELECT attempt FROM applicants WHERE outcome = ? GROUP BY attempt"
        " ORDER BY MAX(COALESCE(json_extract(body, '$.likeness'), 0)) DESC, attempt LIMIT ?",
        (reason, count),
    )
    return [row["attempt"] for row in rows]


@dataclass(frozen=True)
class CellHistory(Record):
    """A kind of tasks over the iterations: (iteration, tried, verified) of the answers as the program gives them by
    itself, when it was `first_solved`, and since when it was `lost`: none of the last three or more were right.
    """

    cell: str
    iterations: tuple[tuple[int, int, int], ...]
    first_solved: int | None
    lost: int | None
    exemplars: int


LOST = 3
"""Answers in a row that are wrong, after one that was right, from which on a kind of tasks counts as lost."""


def cells(journal: JournalReader) -> list[CellHistory]:
    """Every kind of train tasks, those with most answers first."""
    rows = journal.named_rows(
        "SELECT cell, iteration, COUNT(*) AS tried, SUM(verified) AS verified FROM answered"
        " WHERE node = 'attempt' AND iteration > 0 GROUP BY cell, iteration ORDER BY cell, iteration"
    )
    known = {
        row["cell"]: row["n"]
        for row in journal.named_rows(
            "SELECT COALESCE(json_extract(body, '$.cell'), '') AS cell, COUNT(*) AS n FROM exemplars GROUP BY cell"
        )
    }
    by_cell: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows:
        by_cell.setdefault(row["cell"], []).append((row["iteration"], row["tried"], int(row["verified"] or 0)))
    found = [
        CellHistory(cell, tuple(past), _first_solved(past), _lost(past), known.get(cell, 0))
        for cell, past in by_cell.items()
    ]
    return sorted(found, key=lambda one: (-sum(tried for _, tried, _ in one.iterations), one.cell))


def _first_solved(past: Iterable[tuple[int, int, int]]) -> int | None:
    return next((iteration for iteration, _, verified in past if verified), None)


def _lost(past: list[tuple[int, int, int]]) -> int | None:
    """The first of the iterations at the end without a right answer, where they hold `LOST` answers and one was right
    before.
    """
    last = next((place for place in range(len(past) - 1, -1, -1) if past[place][2]), None)
    after = past[last + 1 :] if last is not None else []
    return after[0][0] if sum(tried for _, tried, _ in after) >= LOST else None


@dataclass(frozen=True)
class OperatorYield(Record):
    """What an operator's proposals came to: how many there were, how many were of no use to tasks that had failed, how
    many were raced, and how many accepted.
    """

    operator: str
    proposed: int
    useless: int
    raced: int
    accepted: int


def operators(journal: JournalReader) -> list[OperatorYield]:
    """What each operator yielded, the most accepted first."""
    proposed, useless, raced, accepted = (Counter[str]() for _ in range(4))
    seen: set[int] = set()
    for row in journal.named_rows(
        "SELECT json_extract(body, '$.proposals') AS proposals, json_extract(body, '$.gates') AS gates FROM iterations"
        " ORDER BY number"
    ):
        for proposal in map(ProposalRecord.from_json, json.loads(row["proposals"] or "[]")):
            proposed[proposal.operator] += 1
            useless[proposal.operator] += proposal.useless
        for gate in map(GateRecord.from_json, json.loads(row["gates"] or "[]")):
            raced[gate.operator] += gate.number not in seen
            accepted[gate.operator] += gate.outcome == "accept"
            seen.add(gate.number)
    names = sorted({*proposed, *raced}, key=lambda name: (-accepted[name], -raced[name], -proposed[name], name))
    return [OperatorYield(n, proposed[n], useless[n], raced[n], accepted[n]) for n in names]


@dataclass(frozen=True)
class Spending(Record):
    """What was spent under one `name`: a role, a node or an iteration."""

    name: str
    usage: Usage
    waited: float = 0.0


def spending(journal: JournalReader, by: str = "node") -> list[Spending]:
    """What was spent by `role`, `node` or `iteration`; worst cases count where the outcome of a call is unknown."""
    if by not in {"role", "node", "iteration"}:
        raise ValueError(f"Spending is told by role, node or iteration, and not by {by}.")
    waited = _waited(journal, by)
    rows = journal.named_rows(SPENT.format(group=f"{by} AS name,", tail=f"GROUP BY {by} ORDER BY {by}"))
    return [Spending(str(row["name"]), _usage(dict(row)), waited.get(str(row["name"]), 0.0)) for row in rows]


def _waited(journal: JournalReader, by: str) -> dict[str, float]:
    rows = journal.named_rows(f"SELECT {by} AS name, SUM(waited) AS waited FROM calls GROUP BY {by}")  # noqa: S608
    return {str(row["name"]): float(row["waited"] or 0.0) for row in rows}


def _usage(row: Mapping[str, object]) -> Usage:
    return Usage.from_json({key: value or 0 for key, value in row.items() if key != "name"})
