"""The races of a run, folded from its journal."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.memory.journal_reader import JournalReader
from burnish.policies.acceptance import score
from burnish.programs import Program
from burnish.records import GateRecord, IterationRecord


@dataclass(frozen=True)
class OpenRace:
    """A race that goes on: what is raced in the next iteration, and the pairs of scores so far, champion first."""

    record: GateRecord
    program: Program
    scores: tuple[tuple[float, float], ...]


def raced(journal: JournalReader, iteration: int, gate: GateRecord) -> list[tuple[float, float]]:
    """The pairs of scores of a race in one iteration, champion first; a task that was not judged twice gives none."""
    answers = journal.judged("gate", iteration)
    old = {a.task_id: f for _, a, f in answers if a.program_id == gate.champion_id}
    both = [(old.get(a.task_id), f) for _, a, f in answers if a.program_id == gate.challenger_id]
    return [(score(b), score(f)) for b, f in both if b and b.status.judged and f.status.judged]


def raced_on_train(journal: JournalReader, record: IterationRecord) -> list[tuple[float, float]]:
    """Those of the race that went on in an iteration, on its train tasks."""
    race = next((one for one in record.comparisons if one.kind == "race"), None)
    if race is None:
        return []
    firsts = [(a, f) for _, a, f in journal.judged("attempt", record.number) if a.slot == 0 and not a.rung]
    old = {a.task_id: f for a, f in reversed(firsts) if a.program_id == race.beside_id}
    new = [(a.task_id, f) for _, a, f in journal.judged("compare", record.number) if a.program_id == race.program_id]
    return [(score(old[id_]), score(f)) for id_, f in new if id_ in old and f.status.judged]
