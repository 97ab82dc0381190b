"""Reading a run, finished or not: what the command line prints, as values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from burnish.agent.record.by_hand import since_sealed
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.report import Report, make_report
from burnish.agent.record.status import Status, make_status
from burnish.config import RunConfig
from burnish.environments.registry import load
from burnish.errors import ConfigError, StorageError
from burnish.files import make_private
from burnish.memory.journal_reader import JournalReader
from burnish.programs import Program
from burnish.protocols import Environment
from burnish.records import IterationRecord
from burnish.types import Exemplar

Notify: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Is told the name of an event of a run, and its facts."""


def open_run(directory: str | os.PathLike[str]) -> Run:
    """Look into a run, finished or not, also while another process works on it. Nothing is written."""
    place = RunDirectory(Path(directory))
    return Run(place, place.config())


@dataclass(frozen=True)
class Run:
    """A run to look into. Everything is read from its journal at each call."""

    place: RunDirectory
    config: RunConfig

    def report(self) -> Report:
        """The report as of now."""
        with self.journal() as journal:
            return make_report(self.config, journal)

    def status(self) -> Status:
        """Where the run stands, who works on it, and the limits of its budget."""
        limits = self.config.budget.model_dump()
        with self.journal() as journal:
            return make_status(self.config, journal, process=self.place.holder(), limits=limits)

    def iterations(self) -> list[IterationRecord]:
        """The committed iterations; number 0 is the seed."""
        with self.journal() as journal:
            return journal.iterations()

    def memory(self, at: int | None = None) -> list[Exemplar]:
        """What is remembered at a revision (by default the newest): the exemplars alive then, by birth and id.

        Raises:
            ConfigError: there is no such revision.

        """
        with self.journal() as journal:
            return journal.exemplars_at(self.number(journal, at))

    def shown(self, at: int | None = None) -> list[Exemplar]:
        """Of what is remembered, what the champion of an iteration (by default the newest) may show with a task.

        Raises:
            ConfigError: there is no such iteration.

        """
        with self.journal() as journal:
            champion = journal.champion(self.number(journal, at))
            return [exemplar for exemplar in journal.exemplars_at(champion.revision) if champion.shows(exemplar)]

    def program(self, at: int | None = None) -> Program:
        """The champion as of an iteration (by default the newest)."""
        with self.journal() as journal:
            return journal.champion(self.number(journal, at))

    def given_out(self, journal: JournalReader, at: int | None = None) -> int:
        """The iteration whose champion is given out: `at`, or the newest, unless the sealed test proved that one worse
        than the seed, which is given out then as long as nobody went back to another.
        """
        sealed = journal.sealed()
        worse = at is None and sealed is not None and sealed.verdict == "worse"
        chosen = worse and any(
            record.by_hand.action == "rollback" for record in since_sealed(journal.iterations()) if record.by_hand
        )
        return 0 if worse and not chosen else self.number(journal, at)

    @contextmanager
    def journal(self) -> Iterator[JournalReader]:
        """The journal, for reading."""
        journal = JournalReader(self.place.journal)
        try:
            yield journal
        finally:
            journal.close()

    def until(self, journal: JournalReader, at: int | None) -> int | None:
        """An iteration up to which something is told; None, which is all of the run, stays.

        Raises:
            ConfigError: there is no such iteration.

        """
        return None if at is None else self.number(journal, at)

    @staticmethod
    def number(journal: JournalReader, at: int | None) -> int:
        """The number of an iteration, by default the newest.

        Raises:
            ConfigError: there is no such iteration.
            StorageError: nothing is committed yet.

        """
        newest = journal.newest()
        if newest is None:
            raise StorageError("the run has not begun yet; nothing is committed")
        if at is not None and not 0 <= at <= newest:
            raise ConfigError(f"there is no iteration {at}; this run has 0 to {newest}")
        if at is not None and not journal.iterations_within(at - 1, at):
            raise ConfigError(f"iteration {at} was never finished; give another of 0 to {newest}")
        return newest if at is None else at


def environment_of(run: Run) -> Environment:
    """The environment of a run, loaded by its name.

    Raises:
        ConfigError: it was an object that has none.

    """
    if run.place.journal.is_file():  # killed as it began, a run may have none yet
        with run.journal() as journal:
            if journal.meta("live") is True:
                raise ConfigError(
                    f'the environment "{run.config.environment}" of this run was an object in Python; there, give '
                    "`burnish.resume` or `burnish.verify` that object as `environment`"
                )
    return load(run.config.environment, {**run.config.environment_options})


def write_report(run: Run) -> Report:
    """Put the report of a finished run beside its journal, as of now."""
    report = run.report()
    text = json.dumps(report.to_json(), indent=2, sort_keys=True)
    make_private(run.place.report)
    run.place.report.write_text(text + "\n", encoding="utf-8")
    return report
