"""Why an exemplar came into memory and why it left, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from burnish.by_hand import ByHand
from burnish.config import RunConfig
from burnish.memory.changes_by_hand import changes_by_hand
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.records import ADMITTED, EVICTED, REPLACED, DeathRecord
from burnish.types import ALIVE, Exemplar

NOVEL = "verified and novel"
"""The reason for which an exemplar is admitted that takes no other's place."""
NO_CONDITION = (
    "verified, and everything verified is kept: likeness to others was no condition (policies.admission.novelty is not "
    "set)"
)
NOTHING = "nothing took its place"


def likeness_condition(config: RunConfig) -> float | None:
    """The cosine from which on a run takes two exemplars for near-duplicates; None where likeness is no condition."""
    admission: Any = config.policies.get("admission")
    told = admission.get("novelty") if isinstance(admission, Mapping) else None
    return float(told) if isinstance(told, (int, float)) else None


def admission_in_words(exemplar: Exemplar, near: float | None) -> str:
    """Why it was admitted, where exemplars as like as `near` are too like; None where likeness is no condition."""
    if exemplar.reason != NOVEL:
        return exemplar.reason or ADMITTED
    if near is None:
        return NO_CONDITION
    return f"verified, and nothing remembered was as like as {near:g}, the cosine of policies.admission.novelty"


def death_in_words(exemplar: Exemplar, death: DeathRecord | None, change: ByHand | None) -> str:
    """Why it died and what took its place, given the record of its death and the change by hand that it died of; empty
    where it lives.
    """
    if exemplar.died == ALIVE:
        return ""
    other = death.other_id if death else ""
    at = f", at a cosine of {death.likeness:.2f}" if death and death.likeness is not None else ""
    why = death.reason if death else exemplar.death
    if change is not None and change.action in {"forget", "rollback"}:
        because = f" because {change.because}" if change.because else ""
        done = "" if change.action == "forget" else f", who went back to iteration {change.to},"
        return f"taken out by hand by {change.who}{done}{because}; {NOTHING}".replace(",;", ";")
    if why == REPLACED and other:
        return f"{other}, a near-duplicate with more merit, took its place{at}"
    if why == EVICTED:
        twin = f"; {other} was the one most like it that stayed{at}" if other else ""
        return f"evicted, since memory was full and it was crowded or of little use{twin}"
    return f"{why}; {f'{other} took its place{at}' if other else NOTHING}"


def deaths_in_words(journal: JournalReader, exemplars: Sequence[Exemplar]) -> dict[str, str]:
    """The same of several, by id."""
    rows = journal.named_rows(
        "SELECT exemplar, body FROM deaths WHERE exemplar IN (SELECT value FROM json_each(?))",
        (json.dumps([one.id for one in exemplars]),),
    )
    known = {row["exemplar"]: DeathRecord.from_json(stored(row["body"])) for row in rows}
    by_hand = {one.iteration: one.change for one in changes_by_hand(journal) if one.iteration is not None}
    return {one.id: death_in_words(one, known.get(one.id), by_hand.get(one.died)) for one in exemplars}
