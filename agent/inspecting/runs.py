"""Two runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from burnish.agent.inspecting.programs import SectionChange, changes
from burnish.agent.record.report import said_verdict
from burnish.agent.record.run import Run
from burnish.memory.changes_by_hand import changes_by_hand
from burnish.memory.journal_reader import JournalReader
from burnish.records import ArmRecord, SealedRecord
from burnish.types import Exemplar, Record, Usage


@dataclass(frozen=True)
class RunFacts(Record):
    """What a run came to: the `arms` of its sealed test by name, and the changes by hand, (iteration, change)."""

    name: str
    environment: str
    seed: int
    verdict: str
    arms: Mapping[str, ArmRecord]
    iterations: int
    exemplars: int
    usage: Usage
    by_hand: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class RunComparison(Record):
    """Two runs: the `settings` that differ as (name, first, second), what each came to, the sections of the champions'
    prompts that differ word by word, and how many exemplars are remembered by both (same task, same answer), by the
    first only, and by the second only; `own` are the first of those that only one remembers, first and second.
    """

    settings: tuple[tuple[str, str, str], ...]
    first: RunFacts
    second: RunFacts
    changes: tuple[SectionChange, ...]
    common: int
    only_first: int
    only_second: int
    own: tuple[tuple[Exemplar, ...], tuple[Exemplar, ...]]


NAMED = 40
"""Exemplars of one run only that a comparison names, the newest."""


def compare_runs(first: Run, second: Run) -> RunComparison:
    """Two runs side by side, as of now.

    Raises:
        StorageError: one of them has not begun.

    """
    with first.journal() as one, second.journal() as other:
        numbers = first.number(one, None), second.number(other, None)
        known, others = (_lessons(journal, n) for journal, n in zip((one, other), numbers, strict=True))
        return RunComparison(
            settings=tuple(_differing(*(_flat(run.config.model_dump(mode="json")) for run in (first, second)))),
            first=_facts(first, one, numbers[0]),
            second=_facts(second, other, numbers[1]),
            changes=changes(one.champion(numbers[0]), other.champion(numbers[1])),
            common=len(known.keys() & others.keys()),
            only_first=len(known.keys() - others.keys()),
            only_second=len(others.keys() - known.keys()),
            own=(_besides(known, others), _besides(others, known)),
        )


Lessons: TypeAlias = Mapping[tuple[str, str], Exemplar]


def _lessons(journal: JournalReader, revision: int) -> Lessons:
    """What is remembered, by task and answer."""
    return {(exemplar.lesson, exemplar.answer): exemplar for exemplar in journal.exemplars_at(revision)}


def _besides(known: Lessons, others: Lessons) -> tuple[Exemplar, ...]:
    own = [exemplar for lesson, exemplar in known.items() if lesson not in others]
    return tuple(sorted(own, key=lambda one: (-one.born, one.id))[:NAMED])


def _facts(run: Run, journal: JournalReader, number: int) -> RunFacts:
    sealed: SealedRecord | None = journal.sealed()
    return RunFacts(
        name=run.place.path.name,
        environment=run.config.environment,
        seed=run.config.seed,
        verdict=said_verdict(journal) or "unfinished",
        arms=dict(sealed.in_order) if sealed else {},
        iterations=number,
        exemplars=journal.remembered(number),
        usage=journal.spent(),
        by_hand=tuple(
            (one.iteration, one.change.said) for one in changes_by_hand(journal) if one.iteration is not None
        ),
    )


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        found |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: str(value)}
    return found


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield name, old.get(name, ""), new.get(name, "")
