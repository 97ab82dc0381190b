"""The programs of a run that are served, by the names that requests call them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from burnish.agent.record.run import Run
from burnish.memory.journal_reader import JournalReader
from burnish.programs import Program

CHAMPION, SEED = "champion", "seed"
PROVED_WORSE = (
    "The sealed test proved the newest champion worse than the seed, so `champion` is the seed; `--at` serves another "
    "iteration."
)


@dataclass(frozen=True)
class Served:
    """A program under a name, as the champion of an iteration."""

    name: str
    iteration: int
    program: Program


@dataclass(frozen=True)
class Offered:
    """All programs that are served, by name, `champion` first; `said` is what whoever starts the server must know."""

    by_name: Mapping[str, Served]
    said: str = ""

    @property
    def champion(self) -> Served:
        return self.by_name[CHAMPION]


def offered(run: Run, journal: JournalReader, at: int | None = None) -> Offered:
    """`champion` is what the run gives out, or the champion of iteration `at`; `seed` is what the run began with.

    Raises:
        ConfigError: there is no such iteration.
        StorageError: nothing is committed yet.

    """
    newest = run.number(journal, None)
    given = run.given_out(journal, at)
    names = {CHAMPION: given, SEED: 0} | {f"iteration-{number}": number for number in range(newest + 1)}
    champions = {number: journal.champion(number) for number in {*names.values()}}
    served = {name: Served(name, number, champions[number]) for name, number in names.items()}
    return Offered(served, PROVED_WORSE if at is None and given == 0 < newest else "")
