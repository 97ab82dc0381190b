"""Programs and their prompts: where they come from, what was seen of them, and what differs word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal, TypeAlias

from burnish.agent.inspecting.answers import COLUMNS, Answer, answer_of
from burnish.agent.inspecting.lineage import variant_of
from burnish.agent.inspecting.races import races
from burnish.agent.record.races import compared
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.programs import Program
from burnish.records import SEALED, ComparisonRecord, GateRecord, ProposalRecord
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
    kind: str
    beside: str
    tasks: int
    gain: float
    items: tuple[TrialItem, ...]


@dataclass(frozen=True)
class ProgramStory(Record):
    """All that is known of a program: when it was first met, the programs that its prompt came from, newest first, what
    differs from its parent's, what it answered to tasks that had failed before it was tried, how it did in trials and
    races, in which iterations it was champion, and how it did in the sealed test, by arm as (passed, tasks).
    """

    program: Program
    iteration: int
    ancestors: tuple[str, ...]
    changes: tuple[SectionChange, ...]
    proposals: tuple[ProposalRecord, ...]
    looks: tuple[Answer, ...]
    trials: tuple[Trial, ...]
    races: tuple[GateRecord, ...]
    champion_in: tuple[int, ...]
    sealed: Mapping[str, tuple[int, int]]


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
    raced = {record.number: record for _, record in races(journal) if program_id in _raced(record)}
    champion = journal.named_rows("SELECT number FROM iterations WHERE champion = ? ORDER BY number", (program_id,))
    variant = variant_of(bodies[program_id])
    same = [id_ for id_, body in bodies.items() if variant_of(body) == variant]
    proposals = tuple(_proposals(journal, same))
    ids = same if proposals else [program_id]  # memory grows while a proposal is tried
    return ProgramStory(
        program=program,
        iteration=rows[0]["iteration"],
        ancestors=tuple(one.id for one in ancestors),
        changes=changes(parent, program) if parent else (),
        proposals=proposals,
        looks=tuple(_looks(journal, ids)),
        trials=tuple(_trials(journal, ids)),
        races=tuple(raced.values()),
        champion_in=tuple(row["number"] for row in champion),
        sealed=_sealed(journal, program_id),
    )


def _raced(record: GateRecord) -> set[str]:
    return {record.challenger_id, record.champion_id}


def _bodies(journal: JournalReader) -> dict[str, Body]:
    """All programs as the journal has them, by id, oldest first."""
    rows = journal.named_rows("SELECT id, body FROM programs ORDER BY iteration < 0, iteration, id")
    return {row["id"]: json.loads(row["body"]) for row in rows}


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


def _proposals(journal: JournalReader, ids: Sequence[str]) -> Iterator[ProposalRecord]:
    rows = journal.named_rows(
        "SELECT p.value AS body FROM iterations i, json_each(i.body, '$.proposals') p"
        " WHERE json_extract(p.value, '$.program_id') IN (SELECT value FROM json_each(?)) ORDER BY i.number",
        (json.dumps(ids),),
    )
    yield from (ProposalRecord.from_json(json.loads(row["body"])) for row in rows)


def _trials(journal: JournalReader, ids: Sequence[str]) -> Iterator[Trial]:
    rows = journal.named_rows(
        "SELECT i.number, c.value AS body FROM iterations i, json_each(i.body, '$.comparisons') c"
        " WHERE json_extract(c.value, '$.program_id') IN (SELECT value FROM json_each(?)) ORDER BY i.number",
        (json.dumps(ids),),
    )
    for row in rows:
        record = ComparisonRecord.from_json(json.loads(row["body"]))
        n, pairs = len(record.differences), compared(journal, row["number"], record)
        items = tuple(
            TrialItem(
                task=own[0].task_id,
                beside=Answer.of(row["number"], "trial", *beside),
                own=Answer.of(row["number"], "trial", *own),
                difference=difference,
            )
            for (beside, own), difference in zip(pairs, record.differences, strict=False)
        )
        yield Trial(row["number"], record.kind, record.beside_id, n, sum(record.differences) / n if n else 0.0, items)


def _looks(journal: JournalReader, ids: Sequence[str]) -> Iterator[Answer]:
    """What a program answered when it was proposed, to tasks that had failed."""
    rows = journal.named_rows(
        f"SELECT {COLUMNS} FROM attempts a WHERE a.node = 'rewrite'"  # noqa: S608 (our own names)
        " AND a.program IN (SELECT value FROM json_each(?)) ORDER BY a.iteration, a.place",
        (json.dumps(ids),),
    )
    yield from map(answer_of, rows)


def _sealed(journal: JournalReader, program_id: str) -> dict[str, tuple[int, int]]:
    rows = journal.named_rows(
        "SELECT node, SUM(json_extract(verdict, '$.verified')) AS passed, COUNT(*) AS n FROM attempts"
        " WHERE program = ? AND iteration = ? AND node LIKE 'sealed %' GROUP BY node ORDER BY node",
        (program_id, SEALED),
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
