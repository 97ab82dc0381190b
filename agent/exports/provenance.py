"""The provenance of exported records: the source of the tasks, who made each record, and on what terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from burnish.agent.exports.formats import Item
from burnish.agent.exports.rows import Row
from burnish.memory.journal_reader import JournalReader
from burnish.policies.purposes import strictest
from burnish.protocols import Environment, Licensed
from burnish.terms import TermsTable
from burnish.types import JsonValue

PEOPLE = "people"
"""Stands for the generator of what no model wrote."""


@dataclass(frozen=True)
class Papers:
    """On what terms the tasks may be used, and where they come from, as their environment says it; empty if it does
    not.
    """

    licence: str = ""
    provenance: str = ""

    @classmethod
    def of(cls, environment: Environment) -> Self:
        """What the environment says."""
        return cls(environment.licence, environment.provenance) if isinstance(environment, Licensed) else cls()

    @classmethod
    def in_journal(cls, journal: JournalReader) -> Self:
        """What it said when the run began."""
        return cls(str(journal.meta("licence") or ""), str(journal.meta("provenance") or ""))


def provenance_of(item: Item, table: TermsTable, papers: Papers) -> dict[str, JsonValue]:
    """Where a record came from, who verified it and what it may be used for."""
    row = item.rows[0]
    models = list(dict.fromkeys(model for one in item.rows for model in generators_of(one)))
    return {
        "rows": [one.source for one in item.rows],
        "exemplars": [one.exemplar for one in item.rows],
        "task": row.task.id,
        "environment": row.task.environment,
        "cell": row.task.cell,
        "origin": row.tag,
        "answer_origin": row.origin,
        "operator": row.task.operator,
        "level": row.level,
        "iteration": row.iteration,
        "reward": float(row.feedback.reward),
        "verified_by": row.verified_by if row.verified else "",
        "rating": row.rating,
        "models": [model or PEOPLE for model in models],
        "training": strictest(table.of(model) for model in models),
        "licence": papers.licence,
    }


def generators_of(row: Row) -> tuple[str, ...]:
    """All that had a part in a row, "" standing for people."""
    return tuple(dict.fromkeys((*row.models, *row.authors)))
