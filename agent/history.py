"""Folding a committed iteration into what the session knows of the past: from the journal, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from burnish.agent.session import Session
from burnish.policies.curriculum import Tally
from burnish.policies.diversity import Cells, Diversity
from burnish.policies.eviction import Showing
from burnish.policies.guard import GuardAction
from burnish.records import IterationRecord
from burnish.types import Attempt, Feedback

REMEMBERED_SHOWINGS = 4096
"""Attempts over which the usefulness of exemplars is estimated; the newest count."""
RAISE = 0.2
"""By how much a "resample" of the guard raises the sampling temperature."""


def absorb(session: Session, record: IterationRecord) -> None:
    """Take in an iteration. Called after its commit, and for every committed iteration when a run is opened."""
    session.records.append(record)
    session.champion = session.journal.program(record.champion_id)
    session.validation_used = record.validation_used
    for _, attempt, feedback in session.journal.judged("attempt", record.number):
        _tally(session, attempt, feedback)
    del session.showings[:-REMEMBERED_SHOWINGS]
    for gate in record.gates:
        _count(session.operator_tallies, gate.operator, solved=gate.outcome == "accept")
    _measurements(session, record)
    for _, kind, body in session.journal.events(record.number):
        if kind == "ratings" and isinstance(body, list):
            pairs = [pair for pair in body if isinstance(pair, list)]
            session.rated += [(float(str(rating)), bool(verified)) for rating, verified in pairs]
        elif kind == "cells" and isinstance(body, Mapping):
            session.cells[int(str(body["size"]))] = Cells.from_json(body)


def _tally(session: Session, attempt: Attempt, feedback: Feedback) -> None:
    if not feedback.status.judged:
        return
    cell = session.journal.task(attempt.task_id).cell
    _count(session.task_tallies, attempt.task_id, solved=feedback.verified)
    _count(session.cell_tallies, cell, solved=feedback.verified)
    session.showings.append(Showing(attempt.exemplar_ids, cell, attempt.program_id, feedback.reward))


def _count(tallies: dict[str, Tally], key: str, *, solved: bool) -> None:
    before = tallies.get(key, Tally())
    tallies[key] = Tally(before.tried + 1, before.solved + solved)


def _measurements(session: Session, record: IterationRecord) -> None:
    if not record.diversity:
        return
    session.generated_history.append(Diversity.from_json(record.diversity))
    action: GuardAction = record.action  # type: ignore[assignment]
    session.actions.append(action)
    if action == "resample":
        session.raised_temperature += RAISE
    elif not record.alarms and "resample" not in session.actions[-2:]:
        session.raised_temperature = 0.0
