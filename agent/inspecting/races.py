"""A race, item by item: what both programs answered, and how the evidence for the challenger grew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from burnish.agent.inspecting.answers import Answer
from burnish.agent.inspecting.names import latest
from burnish.agent.record.races import Judged, matched, matched_on_train
from burnish.errors import ConfigError
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.policies.acceptance import Pair, capital
from burnish.records import GateRecord
from burnish.types import Record


@dataclass(frozen=True)
class RaceItem(Record):
    """A task that both programs of a race answered. `difference` is what the challenger has more, in [-1, 1], and
    `evidence` the capital of the bet on it after this task. Where a verdict is `missing`, the worst case counts.
    """

    iteration: int
    task: str
    champion: Answer
    challenger: Answer
    difference: float
    evidence: float
    missing: bool


@dataclass(frozen=True)
class RaceStory(Record):
    """A race: its records, one for each iteration that it took, the last of which says how it ended, and its items.

    The challenger is accepted once the evidence reaches the last record's `threshold`.
    """

    number: int
    records: tuple[GateRecord, ...]
    iterations: tuple[int, ...]
    items: tuple[RaceItem, ...]

    @property
    def last(self) -> GateRecord:
        """How it stands, or ended."""
        return self.records[-1]


def races(journal: JournalReader, *, at: int | None = None) -> list[tuple[int, GateRecord]]:
    """(iteration, record) of every iteration in which something was raced, until one (by default the newest), oldest
    first.
    """
    rows = journal.named_rows(
        "SELECT number, json_extract(body, '$.gates') AS gates FROM iterations"
        " WHERE json_array_length(body, '$.gates') > 0 AND number <= ? ORDER BY number",
        (latest(at),),
    )
    return [(row["number"], GateRecord.from_json(one)) for row in rows for one in stored(row["gates"])]


def race_story(journal: JournalReader, number: int) -> RaceStory:
    """A race by its number, counted from 1.

    Raises:
        ConfigError: there was no such race.

    """
    all_of_them = races(journal)
    own = [(iteration, record) for iteration, record in all_of_them if record.number == number]
    if not own:
        last = max((record.number for _, record in all_of_them), default=0)
        said = f"this run has races 1 to {last}" if last else "nothing was raced in this run"
        raise ConfigError(f"there is no race {number}; {said}")
    pairs = [
        (iteration, old, new)
        for place, (iteration, record) in enumerate(own)
        for old, new in (*(_on_train(journal, iteration) if place else ()), *matched(journal, iteration, record))
    ]
    scored = [Pair.of(old[1], new[1]) for _, old, new in pairs]
    evidence = capital(np.array([pair.difference for pair in scored]), 0.0) if pairs else np.array([])
    return RaceStory(
        number=number,
        records=tuple(record for _, record in own),
        iterations=tuple(iteration for iteration, _ in own),
        items=tuple(
            RaceItem(
                iteration=iteration,
                task=new[0].task_id,
                champion=Answer.of(iteration, "race", *old),
                challenger=Answer.of(iteration, "race", *new),
                difference=pair.difference,
                evidence=float(so_far),
                missing=pair.missing,
            )
            for (iteration, old, new), pair, so_far in zip(pairs, scored, evidence, strict=True)
        ),
    )


def _on_train(journal: JournalReader, iteration: int) -> list[tuple[Judged, Judged]]:
    (record,) = journal.iterations_within(iteration - 1, iteration)
    return matched_on_train(journal, record)
