"""Tables over a whole run: refusals, kinds of tasks by iteration, operators, spend."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from burnish.agent.inspecting.lineage import variant_of
from burnish.agent.inspecting.names import latest
from burnish.memory.journal_reader import JournalReader
from burnish.memory.schema import SPENT
from burnish.records import ADMITTED, SEALED, GateRecord, ProposalRecord
from burnish.types import ALIVE, Record, Usage


@dataclass(frozen=True)
class Refusal(Record):
    """A reason for which answers were not remembered, with the first line of what the environment said of them, how
    many there were, and some of them: ids of answers, the likest to what was remembered first.
    """

    reason: str
    feedback: str
    answers: int
    examples: tuple[str, ...]


def refusals(journal: JournalReader, *, at: int | None = None, examples: int = 5) -> list[Refusal]:
    """Why answers were not remembered until an iteration (by default the newest), the commonest reason first."""
    rows = journal.named_rows(
        "SELECT p.outcome, p.attempt, MAX(COALESCE(json_extract(p.body, '$.likeness'), 0)) AS likeness, COUNT(*) AS n,"
        " (SELECT json_extract(a.verdict, '$.text') FROM attempts a WHERE a.id = p.attempt LIMIT 1) AS said"
        " FROM applicants p WHERE p.outcome != ? AND p.iteration <= ?"
        " GROUP BY p.outcome, p.attempt ORDER BY likeness DESC, p.attempt",
        (ADMITTED, latest(at)),
    )
    counts, some = Counter[tuple[str, str]](), dict[tuple[str, str], list[str]]()
    for row in rows:
        reason = row["outcome"], (row["said"] or "").strip().partition("\n")[0]
        counts[reason] += row["n"]
        some.setdefault(reason, []).append(row["attempt"])
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [Refusal(*reason, count, tuple(some[reason][:examples])) for reason, count in ranked]


@dataclass(frozen=True)
class CellHistory(Record):
    """A kind of tasks over the iterations: (iteration, tried, verified) of all answers but those of the sealed test,
    when it was `first_solved`, since when it was `lost` (none of the last three or more were right), how many
    exemplars ever came of it, and in its `turnover` (iteration, born, died).
    """

    cell: str
    iterations: tuple[tuple[int, int, int], ...]
    first_solved: int | None
    lost: int | None
    exemplars: int
    turnover: tuple[tuple[int, int, int], ...]


LOST = 3
"""Answers in a row that are wrong, after one that was right, from which on a kind of tasks counts as lost."""


def cells(journal: JournalReader, *, at: int | None = None) -> list[CellHistory]:
    """Every kind of tasks as it stood at an iteration (by default the newest), those with most answers first."""
    rows = journal.named_rows(
        "SELECT cell, iteration, COUNT(*) AS tried, SUM(verified) AS verified FROM answered"
        " WHERE iteration BETWEEN 1 AND ? GROUP BY cell, iteration ORDER BY cell, iteration",
        (latest(at),),
    )
    moved = _turnover(journal, latest(at))
    by_cell: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows:
        by_cell.setdefault(row["cell"], []).append((row["iteration"], row["tried"], int(row["verified"] or 0)))
    found = [
        CellHistory(
            cell,
            tuple(past := by_cell.get(cell, [])),
            _first_solved(past),
            _lost(past),
            sum(born for _, born, _ in moved.get(cell, ())),
            tuple(moved.get(cell, ())),
        )
        for cell in by_cell.keys() | moved.keys()
    ]
    return sorted(found, key=lambda one: (-sum(tried for _, tried, _ in one.iterations), one.cell))


def _turnover(journal: JournalReader, last: int) -> dict[str, list[tuple[int, int, int]]]:
    """(iteration, born, died) of exemplars until an iteration, by cell."""
    rows = journal.named_rows(
        "SELECT COALESCE(json_extract(body, '$.cell'), '') AS cell, born, died FROM exemplars WHERE born <= ?", (last,)
    )
    moved: dict[str, dict[int, list[int]]] = {}
    for cell, born, died in rows:
        of_cell = moved.setdefault(cell, {})
        of_cell.setdefault(born, [0, 0])[0] += 1
        if died <= last and died < ALIVE:
            of_cell.setdefault(died, [0, 0])[1] += 1
    return {cell: [(n, of_cell[n][0], of_cell[n][1]) for n in sorted(of_cell)] for cell, of_cell in moved.items()}


def shares_over(iterations: Iterable[tuple[int, int, int]], last: int, *, most: int) -> list[float | None]:
    """The share that was solved over iterations 1 to `last`, in at most so many steps of equal length; None where
    nothing was tried.
    """
    return [verified / tried if tried else None for tried, verified in sums_over(iterations, last, most=most)]


def sums_over(counts: Iterable[tuple[int, int, int]], last: int, *, most: int) -> list[tuple[int, int]]:
    """The sums of two counts over iterations 1 to `last`, in at most so many steps of equal length. What came before
    counts to the first.
    """
    width = max(1, min(most, last))
    firsts, seconds = [0] * width, [0] * width
    for number, first, second in counts:
        place = max(0, number - 1) * width // max(1, last)
        firsts[place] += first
        seconds[place] += second
    return list(zip(firsts, seconds, strict=True))


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
    many were tried beside the champion, raced, and accepted.
    """

    operator: str
    proposed: int
    useless: int
    tried: int
    raced: int
    accepted: int


def operators(journal: JournalReader, *, at: int | None = None) -> list[OperatorYield]:
    """What each operator yielded until an iteration (by default the newest), the most accepted first."""
    proposed, useless, tried, raced, accepted = (Counter[str]() for _ in range(5))
    seen, beside, made_by = set[int](), set[str](), dict[str, str]()
    rows = journal.named_rows("SELECT id, body FROM programs")
    of = {row["id"]: variant_of(json.loads(row["body"])) for row in rows}  # memory grows while a proposal waits
    for row in journal.named_rows(
        "SELECT json_extract(body, '$.proposals') AS proposals, json_extract(body, '$.gates') AS gates,"
        " json_extract(body, '$.comparisons') AS comparisons FROM iterations WHERE number <= ? ORDER BY number",
        (latest(at),),
    ):
        for proposal in map(ProposalRecord.from_json, json.loads(row["proposals"] or "[]")):
            proposed[proposal.operator] += 1
            useless[proposal.operator] += proposal.useless
            made_by[of[proposal.program_id]] = proposal.operator
        beside |= {of[one["program_id"]] for one in json.loads(row["comparisons"] or "[]") if one["kind"] == "proposal"}
        for gate in map(GateRecord.from_json, json.loads(row["gates"] or "[]")):
            raced[gate.operator] += gate.number not in seen
            accepted[gate.operator] += gate.outcome == "accept"
            seen.add(gate.number)
    tried.update(made_by[variant] for variant in beside if variant in made_by)
    names = sorted({*proposed, *raced}, key=lambda name: (-accepted[name], -raced[name], -proposed[name], name))
    return [OperatorYield(n, proposed[n], useless[n], tried[n], raced[n], accepted[n]) for n in names]


@dataclass(frozen=True)
class Spending(Record):
    """What was spent under one `name`: a role, a node or an iteration. Its seconds are those of calls, of which several
    are made at a time.
    """

    name: str
    usage: Usage
    waited: float = 0.0


def spending(journal: JournalReader, by: str = "node", *, at: int | None = None) -> list[Spending]:
    """What was spent by `role`, `node` or `iteration`: in all, or up to an iteration and without the sealed test. Worst
    cases count where the outcome of a call is unknown.
    """
    if by not in {"role", "node", "iteration"}:
        raise ValueError(f"Spending is told by role, node or iteration, and not by {by}.")
    within = "" if at is None else f"WHERE iteration BETWEEN 0 AND {at:d}"
    waited = _waited(journal, by, within)
    rows = journal.named_rows(SPENT.format(group=f"{by} AS name,", tail=f"{within} GROUP BY {by} ORDER BY {by}"))
    return [
        Spending(SEALED_TEST if name == str(SEALED) else name, _usage(values), waited.get(name, 0.0))
        for name, values in ((str(row["name"]), dict(row)) for row in rows)
    ]


SEALED_TEST = "sealed test"
"""The name of what has no iteration."""


def _waited(journal: JournalReader, by: str, within: str) -> dict[str, float]:
    rows = journal.named_rows(f"SELECT {by} AS name, SUM(waited) AS waited FROM calls {within} GROUP BY {by}")  # noqa: S608
    return {str(row["name"]): float(row["waited"] or 0.0) for row in rows}


def _usage(row: Mapping[str, object]) -> Usage:
    return Usage.from_json({key: value or 0 for key, value in row.items() if key != "name"})
