"""A run on one page: its verdict and what that rests on, score against calls, what is happening now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from burnish.agent.inspecting.names import latest
from burnish.agent.record.run import Run
from burnish.agent.record.sealed_words import over_baselines
from burnish.agent.record.status import Status
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import head_of
from burnish.records import SEALED, GateRecord, SealedRecord
from burnish.types import Record


@dataclass(frozen=True)
class Point(Record):
    """An iteration on the curve of a run: the `calls` made until its end, how many of its attempts were verified, what
    was remembered after it, the races as they stood, what the guard found and did, and whether the champion changed.
    """

    iteration: int
    calls: int
    attempts: int
    verified: int
    remembered: int
    races: tuple[GateRecord, ...]
    alarms: tuple[str, ...]
    action: str
    promoted: bool

    @property
    def share(self) -> float | None:
        """The share of the attempts that was verified; None where there were none."""
        return self.verified / self.attempts if self.attempts else None


@dataclass(frozen=True)
class Work(Record):
    """What a node of the iteration at work has done so far: calls that came to their end, those in flight, and how
    long was waited before faulty ones were asked again.
    """

    iteration: int
    node: str
    calls: int
    in_flight: int
    waited: float


@dataclass(frozen=True)
class Summary(Record):
    """A run on one page. `sentences` are the verdict and what it rests on; `work` is what is happening now, nothing
    where no process is at work; `head` is the end of the chain of hashes, in case that somebody keeps it.
    """

    name: str
    environment: str
    model: str
    seed: int
    verdict: str
    sentences: tuple[str, ...]
    status: Status
    sealed: SealedRecord | None
    points: tuple[Point, ...]
    work: tuple[Work, ...]
    head: str


def summary(run: Run, at: int | None = None) -> Summary:
    """A run as of now; with `at` its curve ends at an iteration.

    Raises:
        ConfigError: there is no such iteration.
        StorageError: the run has not begun.

    """
    status, models = run.status(), run.config.models
    with run.journal() as journal:
        sealed = journal.sealed()
        return Summary(
            name=run.place.path.resolve().name,
            environment=run.config.environment,
            model=models.task.name or models.task.file or models.task.url,
            seed=run.config.seed,
            verdict=status.verdict,
            sentences=tuple(_sentences(status, sealed)),
            status=status,
            sealed=sealed,
            points=tuple(points(journal, at=run.until(journal, at))),
            work=tuple(work(journal)) if status.process else (),
            head=head_of(journal),
        )


def _sentences(status: Status, sealed: SealedRecord | None) -> Iterator[str]:
    if sealed is not None:
        yield sealed.reason
        yield f"{over_baselines(sealed)}."
        return
    learned = f"After iteration {status.iteration.number} {status.remembered} exemplars are remembered"
    yield f"{learned}, of which the champion may show {status.shown}."
    yield "The sealed test has not been opened, so nothing is proved yet."


def points(journal: JournalReader, *, at: int | None = None) -> list[Point]:
    """The curve of a run until an iteration (by default the newest)."""
    calls = {
        row["iteration"]: row["n"]
        for row in journal.named_rows("SELECT iteration, COUNT(*) AS n FROM calls GROUP BY iteration")
    }
    found, so_far, champion = list[Point](), 0, ""
    for row in journal.named_rows(_POINTS, (latest(at),)):
        so_far += calls.get(row["number"], 0)
        found.append(
            Point(
                iteration=row["number"],
                calls=so_far,
                attempts=row["attempts"] or 0,
                verified=row["verified"] or 0,
                remembered=row["memory"] or 0,
                races=tuple(map(GateRecord.from_json, stored(row["gates"] or "[]"))),
                alarms=tuple(stored(row["alarms"] or "[]")),
                action=row["action"] or "none",
                promoted=bool(champion) and row["prompt"] != champion,
            )
        )
        champion = row["prompt"]
    return found


_POINTS = """
SELECT i.number, json_extract(p.body, '$.prompt.id') AS prompt, json_extract(i.body, '$.attempts') AS attempts,
  json_extract(i.body, '$.verified') AS verified, json_extract(i.body, '$.memory') AS memory,
  json_extract(i.body, '$.gates') AS gates, json_extract(i.body, '$.alarms') AS alarms,
  json_extract(i.body, '$.action') AS action
FROM iterations i JOIN programs p ON p.id = i.champion WHERE i.number <= ? ORDER BY i.number
"""


def work(journal: JournalReader) -> list[Work]:
    """What the iteration at work has done so far, or the sealed test, a node each in their order."""
    newest = journal.newest()
    number = SEALED if journal.sealed() is None and _at_the_sealed_test(journal) else 1 + (newest or 0)
    rows = journal.named_rows(
        "SELECT node, SUM(state != 'intent') AS made, SUM(state = 'intent') AS flying, SUM(waited) AS waited"
        " FROM calls WHERE iteration = ? GROUP BY node ORDER BY node",
        (number,),
    )
    return [Work(number, row["node"], row["made"], row["flying"], row["waited"]) for row in rows]


def _at_the_sealed_test(journal: JournalReader) -> bool:
    return bool(journal.named_rows("SELECT 1 FROM calls WHERE iteration = ? LIMIT 1", (SEALED,)))
