"""Where a forked run comes from."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import PARENT
from burnish.types import Record

FILE = "parent.toml"
"""The file in a forked run that has program and memory of its parent."""


@dataclass(frozen=True)
class Parent(Record):
    """The `run` that a run was forked from, by the name of its directory, and the `head` of its chain of hashes after
    the `iteration`; `dropped` are the exemplars, by their ids in the fork, that its champion did not show.
    """

    run: str
    iteration: int
    head: str
    program: str
    exemplars: int
    who: str
    when: str
    because: str = ""
    dropped: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """Where it comes from, in words."""
        chain = f" (chain of hashes {self.head})" if self.head else ""
        why = f": {self.because}" if self.because else ""
        return f"iteration {self.iteration} of run {self.run}{chain}, forked by {self.who}, {self.when}{why}"


def parent_of(journal: JournalReader) -> Parent | None:
    """The run that a run was forked from; None where it was not."""
    known = journal.meta(PARENT)
    return Parent.from_json(known) if isinstance(known, dict) else None


def forked_from(journal: JournalReader) -> str:
    """The same in words; empty where it was not."""
    parent = parent_of(journal)
    return parent.said if parent else ""


def not_shown(journal: JournalReader) -> tuple[str, ...]:
    """The exemplars that a forked run begins with and its first program does not show."""
    parent = parent_of(journal)
    return parent.dropped if parent else ()
