"""Programs and their prompts: where they come from, what was seen of them, and what differs word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, TypeAlias

from burnish.agent.inspecting.answers import COLUMNS, Answer, answer_of
from burnish.agent.inspecting.lineage import variant_of
from burnish.agent.inspecting.outcomes import Facts, champion_in, outcome
from burnish.agent.inspecting.races import races
from burnish.agent.inspecting.trials import comparisons
from burnish.agent.record.races import compared
from burnish.errors import ConfigError
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.programs import Program
from burnish.records import SEALED, ComparisonKind, GateRecord, ProposalRecord
from burnish.types import Record

Body: TypeAlias = Mapping[str, Any]
Change: TypeAlias = Literal["same", "gone", "new"]
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Words(Record):
    """Some words of two texts in a row: in both, in the old one only, or in the new one only."""

    change: Change
    text: str


@dataclass(frozen=True)
class SectionChange(Record):
    """A section of two prompts, word by word."""

    section: str
    words: tuple[Words, ...]


@dataclass(frozen=True)
class TrialItem(Record):
    """A task that two programs answered. `difference` is what the one that is tried has more, in [-1, 1]."""

    task: str
    beside: Answer
    own: Answer
    difference: float


@dataclass(frozen=True)
class Trial(Record):
    """What was seen of a program beside another on some tasks of an iteration: the mean difference in its favour, and
    the tasks one by one.
    """

    iteration: int
    kind: ComparisonKind
    beside: str
    tasks: int
    gain: float
    items: tuple[TrialItem, ...]


@dataclass(frozen=True)
class ProgramStory(Record):
    """All that is known of a program: when it was first met, the programs that its prompt came from, newest first, what
    differs from its parent's, what it answered to tasks that had failed before it was tried, how it did in trials and
    races, in which iterations it was champion, how it did in the sealed test, by arm as (passed, tasks), and in words
    what became of it.

    Memory grows while a proposal is tried, so that one program has several `ids`: whichever of them is asked for, all
    is told. Those that differ from the first champion in memory alone are told of one by one, but for when they were
    champion: then `ids` are still all of them.
    """

    program: Program
    iteration: int
    ids: tuple[str, ...]
    ancestors: tuple[str, ...]
    changes: tuple[SectionChange, ...]
    proposals: tuple[ProposalRecord, ...]
    looks: tuple[Answer, ...]
    trials: tuple[Trial, ...]
    races: tuple[GateRecord, ...]
    champion_in: tuple[int, ...]
    sealed: Mapping[str, tuple[int, int]]
    outcome: str


def program_story(journal: JournalReader, program_id: str) -> ProgramStory:
    """The story of a program, by its id.

    Raises:
        ConfigError: there is no such program.

    """
    rows = journal.named_rows("SELECT iteration FROM programs WHERE id = ?", (program_id,))
    if not rows:
        raise ConfigError(f"this run has no program {program_id}; `burnish lineage` lists them")
    bodies = _bodies(journal)
    program = Program.from_json(bodies[program_id])
    by_prompt = _by_prompt(bodies.values())
    ancestors = list(_ancestors(program, by_prompt))
    parent = by_prompt.get(program.prompt.parent)
    variant = variant_of(bodies[program_id])
    same = [id_ for id_, body in bodies.items() if variant_of(body) == variant]
    first = _first_champion(journal)
    ids = [program_id] if first in same else same
    proposals, looks, trials = _proposals(journal, ids), _looks(journal, ids), _trials(journal, ids, same)
    all_races = races(journal)
    raced = {record.number: record for _, record in all_races if _took_part(record, ids, same)}
    facts = Facts(
        variant=program.variant,
        ids=frozenset(ids),
        held=champion_in(journal, same),
        met=rows[0]["iteration"],
        looks=len(looks),
        tried=tuple((one.iteration, one.tasks, one.gain) for one in trials if one.kind == "proposal"),
        proposed=tuple(proposals),
        races=tuple(all_races),
    )
    return ProgramStory(
        program=program,
        iteration=rows[0]["iteration"],
        ids=tuple(same),
        ancestors=tuple(one.id for one in ancestors),
        changes=changes(parent, program) if parent else (),
        proposals=tuple(proposal for _, proposal in proposals),
        looks=tuple(looks),
        trials=tuple(trials),
        races=tuple(raced.values()),
        champion_in=facts.held,
        sealed=_sealed(journal, ids),
        outcome=outcome(journal, facts),
    )


def _took_part(record: GateRecord, ids: Collection[str], same: Collection[str]) -> bool:
    """Whether a program was challenger in a race, or one that differs from it in memory alone was champion."""
    return record.challenger_id in ids or record.successor_id in ids or record.champion_id in same


def _first_champion(journal: JournalReader) -> str:
    rows = journal.named_rows("SELECT champion FROM iterations ORDER BY number LIMIT 1")
    return str(rows[0]["champion"]) if rows else ""


def _bodies(journal: JournalReader) -> dict[str, Body]:
    """All programs as the journal has them, by id, oldest first."""
    rows = journal.named_rows("SELECT id, body FROM programs ORDER BY iteration < 0, iteration, id")
    return {row["id"]: stored(row["body"]) for row in rows}


def _by_prompt(bodies: Iterable[Body]) -> dict[str, Program]:
    """The first program with each prompt, by the prompt's id."""
    first: dict[str, Body] = {}
    for body in bodies:
        first.setdefault(body["prompt"]["id"], body)
    programs = map(Program.from_json, first.values())
    return {program.prompt.id: program for program in programs}


def _ancestors(program: Program, by_prompt: Mapping[str, Program]) -> Iterator[Program]:
    seen = {program.prompt.id}
    while (parent := by_prompt.get(program.prompt.parent)) and parent.prompt.id not in seen:
        seen.add(parent.prompt.id)
        yield parent
        program = parent


def _proposals(journal: JournalReader, ids: Sequence[str]) -> list[tuple[int, ProposalRecord]]:
    """(iteration, record) of each time that it was proposed."""
    rows = journal.named_rows(
        "SELECT i.number, p.value AS body FROM iterations i, json_each(i.body, '$.proposals') p"
        " WHERE json_extract(p.value, '$.program_id') IN (SELECT value FROM json_each(?)) ORDER BY i.number",
        (json.dumps(ids),),
    )
    return [(row["number"], ProposalRecord.from_json(stored(row["body"]))) for row in rows]


def _trials(journal: JournalReader, ids: Sequence[str], same: Sequence[str]) -> list[Trial]:
    found = []
    for one in comparisons(journal):
        sign, record = one.sign(ids, same), one.record
        if not sign:
            continue
        pairs = [pair[::sign] for pair in compared(journal, one.iteration, record)]
        differences = [sign * difference for difference in record.differences]
        n, other = len(differences), record.beside_id if sign > 0 else record.program_id
        items = tuple(
            TrialItem(
                task=own[0].task_id,
                beside=Answer.of(one.iteration, "trial", *beside),
                own=Answer.of(one.iteration, "trial", *own),
                difference=difference,
            )
            for (beside, own), difference in zip(pairs, differences, strict=False)
        )
        found.append(Trial(one.iteration, record.kind, other, n, sum(differences) / n if n else 0.0, items))
    return found


def _looks(journal: JournalReader, ids: Sequence[str]) -> list[Answer]:
    """What a program answered when it was proposed, to tasks that had failed."""
    rows = journal.named_rows(
        f"SELECT {COLUMNS} FROM attempts a WHERE a.node = 'rewrite'"  # noqa: S608 (our own names)
        " AND a.program IN (SELECT value FROM json_each(?)) ORDER BY a.iteration, a.place",
        (json.dumps(ids),),
    )
    return [answer_of(row) for row in rows]


def _sealed(journal: JournalReader, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    rows = journal.named_rows(
        "SELECT node, SUM(json_extract(verdict, '$.verified')) AS passed, COUNT(*) AS n FROM attempts"
        " WHERE program IN (SELECT value FROM json_each(?)) AND iteration = ? AND node LIKE 'sealed %'"
        " GROUP BY node ORDER BY node",
        (json.dumps(ids), SEALED),
    )
    return {row["node"].removeprefix("sealed "): (int(row["passed"] or 0), row["n"]) for row in rows}


def changes(old: Program, new: Program) -> tuple[SectionChange, ...]:
    """The sections of two prompts that differ, word by word."""
    names = dict.fromkeys([name for name, _ in (*old.prompt.sections, *new.prompt.sections)])
    texts = [(name, old.prompt.text(name), new.prompt.text(name)) for name in names]
    return tuple(SectionChange(name, words(before, after)) for name, before, after in texts if before != after)


def words(old: str, new: str) -> tuple[Words, ...]:
    """What two texts have in common and what not, word by word."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    found = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Words("same", "".join(before[a:b])))
            continue
        if b > a:
            found.append(Words("gone", "".join(before[a:b])))
        if d > c:
            found.append(Words("new", "".join(after[c:d])))
    return tuple(found)
