"""The races of a run, folded from its journal."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.memory.journal_reader import JournalReader
from burnish.policies.acceptance import Pair
from burnish.programs import Program
from burnish.records import ComparisonRecord, GateRecord, IterationRecord
from burnish.types import Attempt, Feedback


@dataclass(frozen=True)
class OpenRace:
    """A race that goes on: what is raced in the next iteration, and the pairs so far."""

    record: GateRecord
    program: Program
    pairs: tuple[Pair, ...]


Judged = tuple[Attempt, Feedback]


def matched(journal: JournalReader, iteration: int, gate: GateRecord) -> list[tuple[Judged, Judged]]:
    """The validation tasks of a race in one iteration: what champion and challenger answered."""
    answers = [(a, f) for _, a, f in journal.judged("gate", iteration)]
    old = {a.task_id: (a, f) for a, f in answers if a.program_id == gate.champion_id}
    return [(old[a.task_id], (a, f)) for a, f in answers if a.program_id == gate.challenger_id and a.task_id in old]


def matched_on_train(journal: JournalReader, record: IterationRecord) -> list[tuple[Judged, Judged]]:
    """The train tasks of the race that went on in an iteration."""
    race = next((one for one in record.comparisons if one.kind == "race"), None)
    return [] if race is None else compared(journal, record.number, race)


def compared(journal: JournalReader, iteration: int, record: ComparisonRecord) -> list[tuple[Judged, Judged]]:
    """The train tasks of a comparison: what was answered by the program beside, and by the one that it is about."""
    besides = [(a, f) for _, a, f in journal.judged("compare", iteration)]
    if record.kind == "successor":  # both were put beside the attempts
        firsts = besides
    else:
        firsts = [(a, f) for _, a, f in journal.judged("attempt", iteration) if a.slot == 0 and not a.rung]
    old = {a.task_id: (a, f) for a, f in reversed(firsts) if a.program_id == record.beside_id}
    return [(old[a.task_id], (a, f)) for a, f in besides if a.program_id == record.program_id and a.task_id in old]


def raced(journal: JournalReader, iteration: int, gate: GateRecord) -> list[Pair]:
    """The pairs of a race in one iteration, champion and challenger."""
    return [Pair.of(old[1], new[1]) for old, new in matched(journal, iteration, gate)]


def raced_on_train(journal: JournalReader, record: IterationRecord) -> list[Pair]:
    """Those of the race that went on in an iteration, on its train tasks."""
    return [Pair.of(old[1], new[1]) for old, new in matched_on_train(journal, record)]


def answered(journal: JournalReader, iteration: int) -> set[str]:
    """The train tasks that were answered in an iteration, by whomever."""
    nodes = ("attempt", "compare", "teach", "rewrite")
    return {a.task_id for node in nodes for _, a, _ in journal.judged(node, iteration)}
