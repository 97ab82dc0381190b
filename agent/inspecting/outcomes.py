"""What became of a program, in words: champion, raced, or why it was not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from burnish.memory.journal_reader import JournalReader
from burnish.records import SEALED, GateRecord, ProposalRecord
from burnish.spelling import several


@dataclass(frozen=True)
class Facts:
    """What the outcome of a program is told from: the `ids` that it went by, and the iterations in which it `held` the
    place of champion. It was `met` in an iteration, put to `looks` failed tasks, `tried` as (iteration, tasks, mean
    gain), and `proposed` and raced, each with the iteration.
    """

    variant: str
    ids: frozenset[str]
    held: tuple[int, ...]
    met: int
    looks: int
    tried: tuple[tuple[int, int, float], ...]
    proposed: tuple[tuple[int, ProposalRecord], ...]
    races: tuple[tuple[int, GateRecord], ...]


def champion_in(journal: JournalReader, ids: Sequence[str]) -> tuple[int, ...]:
    """The iterations after which one of some programs was champion."""
    rows = journal.named_rows(
        "SELECT number FROM iterations WHERE champion IN (SELECT value FROM json_each(?)) ORDER BY number",
        (json.dumps(ids),),
    )
    return tuple(row["number"] for row in rows)


def outcome(journal: JournalReader, facts: Facts) -> str:
    """What became of it, in words that follow "It": the last thing that decided, and why."""
    if facts.held:
        still = " and is it now" if facts.held[-1] == journal.newest() else ""
        return f"was champion {spans(facts.held)}{still}"
    raced = [(n, gate) for n, gate in facts.races if gate.challenger_id in facts.ids]
    if raced:
        return _raced(raced[-1][1])
    joined = next((gate for _, gate in facts.races if gate.successor_id in facts.ids), None)
    if joined is not None:
        return f"took the challenger's place in race {joined.number}, and the run ended before it answered a task in it"
    if not facts.proposed:
        if facts.met == SEALED:
            return "was made for the sealed test, as one of the programs that the champion is compared with"
        return "was used besides, and never proposed: a further way of asking, as in a cold start"
    return _not_raced(journal, facts)


def _raced(gate: GateRecord) -> str:
    if gate.successor_id:
        return f"was raced (race {gate.number}), until {gate.successor_id}, which did better, took its place"
    tasks = several(gate.tasks, "task")
    if gate.outcome == "accept":
        return f"was accepted in race {gate.number}, after {tasks}"
    if gate.outcome == "reject":
        return f"was rejected in race {gate.number}: after {tasks} a gain worth having was ruled out"
    if gate.open:
        return f"is being raced (race {gate.number}; {tasks} so far)"
    return (
        f"was raced without proof: race {gate.number} ended after {tasks}, with evidence of {gate.e_value:.3g} where "
        f"{gate.threshold:.3g} was needed"
    )


def _not_raced(journal: JournalReader, facts: Facts) -> str:
    """Why a proposal was never raced."""
    since, proposal = facts.proposed[-1]
    if proposal.useless:
        return (
            f"was of no use: on none of {several(facts.looks, 'task')} that had failed did it do better, so it was "
            "not tried further"
        )
    tasks = sum(n for _, n, _ in facts.tried)
    gain = sum(n * mean for _, n, mean in facts.tried) / tasks if tasks else 0.0
    seen = f"was tried on {several(tasks, 'task')}: {gain:+.2f}" if tasks else "was not tried beside the champion"
    return f"{seen}; {''.join(_why_not_raced(journal, facts, since, gain))}"


def _why_not_raced(journal: JournalReader, facts: Facts, since: int, gain: float) -> Iterator[str]:
    dropped = _dropped(journal, facts.variant, since)
    others = [gate for n, gate in facts.races if n >= since and gate.challenger_id not in facts.ids]
    ended = journal.sealed() is not None
    if dropped is not None:
        why = "it gained too little for a race to prove it" if gain > 0 else "it was probably no better"
        yield f"dropped in iteration {dropped}, since {why}"
    elif others:
        yield f"another was raced first (race {others[0].number})"
    elif not facts.tried:
        yield "others were tried first" + (" until the run ended" if ended else "")
    else:
        yield "too little spoke for it to be raced" + (" before the run ended" if ended else " so far")


def _dropped(journal: JournalReader, variant: str, since: int) -> int | None:
    """The iteration in which a proposal was given up."""
    rows = journal.named_rows(
        "SELECT i.number FROM iterations i, json_each(i.body, '$.retired') r WHERE i.number >= ? AND r.value = ?"
        " ORDER BY i.number DESC LIMIT 1",
        (since, variant),
    )
    return int(rows[0]["number"]) if rows else None


def spans(numbers: Sequence[int]) -> str:
    """Iterations in words, those in a row as one span."""
    breaks = [place for place, (one, next_) in enumerate(pairwise(numbers), 1) if next_ != one + 1]
    rows = [numbers[low:high] for low, high in pairwise([0, *breaks, len(numbers)])]
    said = [f"from iteration {row[0]} to {row[-1]}" if len(row) > 1 else f"in iteration {row[0]}" for row in rows]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)
