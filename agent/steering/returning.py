"""Going back to an earlier iteration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from burnish.agent.record.by_hand import forgotten, pinned, reasons_against
from burnish.agent.record.run import Run
from burnish.agent.steering.ordering import Steered, order
from burnish.agent.steering.person import in_words, now, user
from burnish.by_hand import ByHand
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader

NAMED = 5
"""Exemplars that a sentence names."""


def rollback(run: Run, *, to: int, because: str = "", who: str | None = None) -> Steered:
    """Have champion and memory of an iteration in force again, as a new revision. What was forgotten since stays
    forgotten, and what is pinned stays; the notes say which.

    Raises:
        ConfigError: there is no such iteration, or it is the newest.
        StorageError: the run cannot be written.

    """
    with run.journal() as journal:
        number = run.number(journal, to)
        if number == journal.newest():
            raise ConfigError(f"iteration {number} is the newest, and in force; give an earlier one")
        notes = tuple(_exceptions(journal, number))
    why = in_words(because, "because") if because else ""
    change = ByHand("rollback", user() if who is None else in_words(who, "who"), now(), why, to=number)
    return order(run, change, notes=notes)


def _exceptions(journal: JournalReader, number: int) -> Iterator[str]:
    """What does not go back."""
    records = journal.iterations()
    then = journal.exemplars_at(number)
    gone = list(reasons_against(then, forgotten(journal, records)))
    if gone:
        yield f"Not brought back, having been forgotten since iteration {number}: {_some(gone)}."
    known = {one.id for one in then}
    staying = [one.id for one in journal.exemplars_at(records[-1].revision) if one.id in pinned(records) - known]
    if staying:
        yield f"Kept though learned since, being pinned: {_some(staying)}."


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"{', '.join(ids[:NAMED])}{more}"
