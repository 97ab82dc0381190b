"""How a change by hand gets into a run: at once, or once what is under way is finished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from burnish.agent.loop.by_hand import commit_by_hand, end_chain, under_way
from burnish.agent.loop.hand_effects import Hand
from burnish.agent.record.memory import mended_memory, open_meaning
from burnish.agent.record.report import finished, not_begun
from burnish.agent.record.run import Run, environment_of, write_report
from burnish.by_hand import ByHand
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import BurnishError, RunLocked, StorageError
from burnish.memory.changes_by_hand import changes_by_hand, waiting
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import link
from burnish.protocols import Environment
from burnish.records import IterationRecord
from burnish.types import JsonValue, Record


@dataclass(frozen=True)
class Steered(Record):
    """What came of a change by hand: the iteration that it is, or what it `waits_for`; `notes` are what the person
    should know besides, a sentence each.
    """

    change: ByHand
    record: IterationRecord | None
    waits_for: str = ""
    notes: tuple[str, ...] = ()


def order(
    run: Run,
    change: ByHand,
    *,
    lessons: Sequence[Mapping[str, JsonValue]] = (),
    environment: Environment | None = None,
    notes: Sequence[str] = (),
) -> Steered:
    """Have a change made: at once where no process works on the run and nothing is half done, else as soon as the
    iteration that is under way, or the sealed test, is finished.

    Raises:
        StorageError: the run has not begun, is damaged, or cannot be written.

    """
    try:
        with run.place.locked():
            number = _put(run, change, lessons)
            _make_those_that_wait(run, environment)
    except RunLocked:
        number = _put(run, change, lessons, beside=True)
        _try_again(run, environment)
    return _outcome(run, number, notes)


def _put(run: Run, change: ByHand, lessons: Sequence[Mapping[str, JsonValue]], *, beside: bool = False) -> int:
    """Write a change into the journal, beside a process at work or with the lock; its number."""
    try:
        journal = Journal.join(run.place.journal) if beside else Journal.open(run.place.journal)
        try:
            if journal.newest() is None:
                raise StorageError(not_begun(journal))
            return journal.queue(change, lessons)
        finally:
            journal.close()
    except StorageError as error:
        raise error.with_way_on("run the command again") from None


def _try_again(run: Run, environment: Environment | None) -> None:
    """The process that was at work may have ended before it saw the change."""
    try:
        with run.place.locked():
            _make_those_that_wait(run, environment)
    except RunLocked:
        pass


def _make_those_that_wait(run: Run, environment: Environment | None) -> None:
    """Make what waits, as far as nothing is half done. The caller holds the lock."""
    journal = Journal.open(run.place.journal)
    try:
        if under_way(run.config, journal) or not waiting(journal):
            return
        asyncio.run(_make(run, journal, environment))
    except BurnishError as error:  # the change is kept, and made when the run goes on
        raise error.with_way_on(f"`burnish resume {run.place.path}`") from None
    finally:
        journal.close()
    if run.place.report.is_file():
        write_report(run)


async def _make(run: Run, journal: Journal, environment: Environment | None) -> None:
    ended = finished(run.config, journal)
    if ended:
        await end_chain(run.place, journal)
    guarded = None
    if any(one.change.action in ("import", "feedback") for one in waiting(journal)):
        live = environment or environment_of(run)
        guarded = GuardedEnvironment(live, timeout=run.config.environment_timeout)
    memory = mended_memory(run.place, run.config, journal, open_meaning(run.place, run.config))
    try:
        for queued in waiting(journal):
            record = await commit_by_hand(Hand(run.config, journal, memory, guarded), queued, after_sealed=ended)
            await link(journal)
            run.place.write_log("iteration", record.to_json())
    finally:
        memory.index.close()


def _outcome(run: Run, number: int, notes: Sequence[str]) -> Steered:
    with run.journal() as journal:
        queued = next(one for one in changes_by_hand(journal) if one.number == number)
        if queued.iteration is None:
            return Steered(queued.change, None, _waits_for(run, journal), tuple(notes))
        record = next(record for record in journal.iterations() if record.number == queued.iteration)
    said = [*notes, *([_untested(run)] if queued.change.after_sealed else [])]
    return Steered(queued.change, record, notes=tuple(said))


def _waits_for(run: Run, journal: JournalReader) -> str:
    holder = run.place.holder()
    if holder:
        return f"process {holder} to finish the iteration, or the sealed test, that it is at"
    what = under_way(run.config, journal) or "what is under way"
    return f"{what}, which was broken off; `burnish resume {run.place.path}` finishes it first"


def _untested(run: Run) -> str:
    return (
        "The sealed test judged the program before: its verdict is not one on what is in force now "
        f"(`burnish report {run.place.path}`)."
    )
