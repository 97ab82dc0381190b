"""Where a run stands, read in a few queries however long it has been at work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from burnish.agent.record.report import finished, not_begun, people
from burnish.agent.record.sittings import Sitting, sittings
from burnish.config import RunConfig
from burnish.errors import StorageError
from burnish.memory.changes_by_hand import changes_by_hand
from burnish.memory.journal import OUTAGE
from burnish.memory.journal_reader import JournalReader
from burnish.outages import Outage
from burnish.programs import Program
from burnish.records import IterationRecord
from burnish.types import Record, Usage


@dataclass(frozen=True)
class Status(Record):
    """Where a run stands after its last committed `iteration`. `remembered` counts the exemplars in memory, and `shown`
    those of them that the champion may show. `total` counts the worst case of calls in flight. `process` is the id of
    the process at work, None when there is none; `limits` are those of the budget by name, None where there is none;
    `waiting` counts questions to people that are open, `queued` changes by hand that are not made yet; `outage` is that
    of a model server that is waited for. Those of iterations `since_sealed` were made after the sealed test: its
    verdict is not one on what is in force now. `sittings` are the processes that were at work, oldest first.
    """

    environment: str
    verdict: str
    finished: bool
    stopped: str
    iteration: IterationRecord
    remembered: int
    shown: int
    total: Usage
    seconds: float
    waiting: int
    process: str | None
    limits: Mapping[str, float | None]
    queued: int = 0
    outage: Outage | None = None
    since_sealed: tuple[int, ...] = ()
    sittings: tuple[Sitting, ...] = ()


def make_status(
    config: RunConfig, journal: JournalReader, *, process: str | None, limits: Mapping[str, float | None]
) -> Status:
    """The status as of now."""
    newest = journal.newest()
    if newest is None:
        raise StorageError(not_begun(journal))
    (last,) = journal.iterations_within(newest - 1, newest)
    champion, sealed = journal.champion(newest), journal.sealed()
    changes = changes_by_hand(journal)
    stopped, seconds, outage = (journal.meta(name) for name in ("stopped", "seconds", OUTAGE))
    return Status(
        environment=config.environment,
        verdict=sealed.verdict if sealed else "unfinished",
        finished=finished(config, journal),
        stopped=stopped if isinstance(stopped, str) else "",
        iteration=last,
        remembered=journal.remembered(last.revision),
        shown=_shown(journal, champion),
        total=journal.spent(),
        seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        waiting=people(journal)["waiting"],
        process=process,
        limits=limits,
        outage=Outage.from_json(outage) if process and isinstance(outage, Mapping) else None,
        queued=sum(one.iteration is None for one in changes),
        sittings=tuple(sittings(journal)),
        since_sealed=tuple(one.iteration for one in changes if one.iteration and one.change.after_sealed),
    )


def _shown(journal: JournalReader, champion: Program) -> int:
    """How many exemplars a champion may show: see `Program.shows`, here counted by the journal."""
    if not champion.retrieval.k:
        return 0
    chosen = champion.only or champion.dropped
    among = f" AND id {'' if champion.only else 'NOT '}IN ({','.join('?' * len(chosen))})" if chosen else ""
    sql = f"SELECT COUNT(*) FROM exemplars WHERE born <= ? AND died > ?{among}"  # noqa: S608 (marks)
    ((count,),) = journal.rows(sql, (champion.revision, champion.revision, *chosen))
    return int(str(count))
