"""The races of a run, folded from its journal."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.memory.journal_reader import JournalReader
from burnish.policies.acceptance import Pair
from burnish.programs import Program
from burnish.records import GateRecord, IterationRecord


@dataclass(frozen=True)
class OpenRace:
    """A race that goes on: what is raced in the next iteration, and the pairs so far."""

    record: GateRecord
    program: Program
    pairs: tuple[Pair, ...]


def raced(journal: JournalReader, iteration: int, gate: GateRecord) -> list[Pair]:
    """The pairs of a race in one iteration, champion and challenger."""
    answers = journal.judged("gate", iteration)
    old = {a.task_id: f for _, a, f in answers if a.program_id == gate.champion_id}
    return [
        Pair.of(old[a.task_id], f) for _, a, f in answers if a.program_id == gate.challenger_id and a.task_id in old
    ]


def raced_on_train(journal: JournalReader, record: IterationRecord) -> list[Pair]:
    """Those of the race that went on in an iteration, on its train tasks."""
    race = next((one for one in record.comparisons if one.kind == "race"), None)
    if race is None:
        return []
    firsts = [(a, f) for _, a, f in journal.judged("attempt", record.number) if a.slot == 0 and not a.rung]
    old = {a.task_id: f for a, f in reversed(firsts) if a.program_id == race.beside_id}
    new = [(a.task_id, f) for _, a, f in journal.judged("compare", record.number) if a.program_id == race.program_id]
    return [Pair.of(old[id_], f) for id_, f in new if id_ in old]
