"""What was spent: by node, role or iteration, by node and role, and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from burnish.memory.journal_reader import JournalReader
from burnish.memory.schema import SPENT
from burnish.records import SEALED
from burnish.types import Record, Usage

By: TypeAlias = Literal["node", "role", "iteration", "all"]
BY: tuple[By, ...] = get_args(By)
SEALED_TEST = "sealed test"
"""The name of what has no iteration."""


@dataclass(frozen=True)
class Spending(Record):
    """What was spent under one `name`: a role, a node or an iteration, or by one `role` in a node. Its seconds are
    those of calls, of which several are made at a time.
    """

    name: str
    usage: Usage
    waited: float = 0.0
    role: str = ""

    @property
    def cached(self) -> float:
        """The share of the prompt tokens that came from the server's cache."""
        return self.usage.cached_tokens / self.usage.prompt_tokens if self.usage.prompt_tokens else 0.0

    def share(self, whole: Spending) -> float:
        """Its share of all tokens."""
        return self.usage.tokens / whole.usage.tokens if whole.usage.tokens else 0.0


def spending(journal: JournalReader, by: str = "node", *, at: int | None = None) -> list[Spending]:
    """What was spent by `role`, `node` or `iteration`, or by node and role (`all`): in the whole run, or up to an
    iteration and without the sealed test. Worst cases count where the outcome of a call is unknown.
    """
    if by not in BY:
        raise ValueError(f"Spending is told by role, node or iteration, or by all, and not by {by}.")
    columns = "node AS name, role AS role" if by == "all" else f"{by} AS name, '' AS role"
    group = "node, role" if by == "all" else by
    within = "" if at is None else f"WHERE iteration BETWEEN 0 AND {at:d}"
    waits = journal.named_rows(f"SELECT {columns}, SUM(waited) AS waited FROM calls {within} GROUP BY {group}")  # noqa: S608
    waited = {(str(row["name"]), row["role"]): float(row["waited"] or 0.0) for row in waits}
    rows = journal.named_rows(SPENT.format(group=f"{columns},", tail=f"{within} GROUP BY {group} ORDER BY {group}"))
    return [
        Spending(
            name=SEALED_TEST if by == "iteration" and row["name"] == SEALED else str(row["name"]),
            usage=_usage(dict(row)),
            waited=waited.get((str(row["name"]), row["role"]), 0.0),
            role=row["role"],
        )
        for row in rows
    ]


def spent_in_all(told: Sequence[Spending]) -> Spending:
    """The sum of several."""
    return Spending("all", sum((one.usage for one in told), Usage()), sum(one.waited for one in told))


def overlap_in_words(journal: JournalReader, whole: Spending | None) -> str:
    """How the seconds of calls relate to the clock; with figures, given what the `whole` run spent."""
    said, seconds = "Several calls are made at a time, so their seconds overlap", journal.meta("seconds")
    if whole is None or not isinstance(seconds, (int, float)) or not seconds:
        return f"{said}."
    return f"{said}: {whole.usage.seconds:,.0f} s of calls, while the run was at work for {seconds:,.0f} s."


def _usage(row: Mapping[str, object]) -> Usage:
    return Usage.from_json({key: value or 0 for key, value in row.items() if key not in {"name", "role"}})
