"""How each sitting of a run ended: it finished, was stopped, failed, or was killed, which only the next one knows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.errors import BurnishError
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.types import JsonValue, Record

SITTINGS = "sittings"
"""Their name among the facts of a journal."""
KEPT = 100
"""The newest sittings that are kept; a run that is started every minute has many."""

FINISHED = "finished"
CUT_OFF = "it was killed, or the machine went down"


@dataclass(frozen=True)
class Sitting(Record):
    """A process at work on a run, from `began` to `ended` in seconds since 1970, and how it came to an end. One without
    an end is at work, or was cut off.
    """

    began: float
    ended: float | None = None
    how: str = ""


def sittings(journal: JournalReader) -> list[Sitting]:
    """The sittings of a run, oldest first; none of what was written before they were kept."""
    known = journal.meta(SITTINGS)
    return [Sitting.from_json(one) for one in known if isinstance(one, dict)] if isinstance(known, list) else []


@contextmanager
def sitting(file: Path) -> Iterator[None]:
    """Keep in the journal that a sitting began, and how it ended. The caller holds the lock."""
    began = round(time.time(), 1)
    _keep(file, Sitting(began))
    try:
        yield
    except BaseException as error:
        said = str(error) if isinstance(error, BurnishError) else f"{type(error).__name__}: {error}"
        _keep(file, Sitting(began, round(time.time(), 1), said))
        raise
    _keep(file, Sitting(began, round(time.time(), 1), FINISHED))


def _keep(file: Path, new: Sitting) -> None:
    """Write down a sitting in place of what was said of it; those before it that have no end were cut off."""
    if not file.exists():  # the run was not begun
        return
    journal = Journal.open(file)
    try:
        before = [one for one in sittings(journal) if one.began != new.began]
        known = [one if one.how else replace(one, how=CUT_OFF) for one in before]
        kept: list[JsonValue] = [one.to_json() for one in [*known, new][-KEPT:]]
        journal.set_meta(**{SITTINGS: kept})
    finally:
        journal.close()
