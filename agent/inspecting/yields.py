"""What the proposals of each operator came to: how far they got, what they gained beside the champion, their cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from burnish.agent.inspecting.lineage import variant_of
from burnish.agent.inspecting.names import latest
from burnish.agent.inspecting.trials import comparisons
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.policies.statistics import mean_interval
from burnish.records import GateRecord, ProposalRecord
from burnish.types import Record

IN_WORDS = (
    "of no use: put to a few tasks that had failed, a proposal did better on none of them, and was not tried further; "
    "tried: it answered train tasks beside the champion, and the mean gain is what it did better on them, with its 95 "
    "% interval where the tasks differ; calls: for answers of proposals when they were looked at, tried and raced"
)
"""What the columns mean."""


@dataclass(frozen=True)
class OperatorYield(Record):
    """What an operator's proposals came to: how many there were, how many were of no use to tasks that had failed, how
    many were tried beside the champion, raced, and accepted. On `tasks` train tasks that both answered they did `gain`
    better than the champion on average, with its 95 % interval (Student's, None where fewer than two or all alike);
    `calls` were made for their answers when they were looked at, tried and raced.
    """

    operator: str
    proposed: int
    useless: int
    tried: int
    raced: int
    accepted: int
    tasks: int = 0
    gain: float | None = None
    lower: float | None = None
    upper: float | None = None
    calls: int = 0

    @property
    def gain_in_words(self) -> str:
        """The gain with its interval, empty where nothing was tried."""
        if self.gain is None:
            return ""
        within = "" if self.lower is None else f" ({self.lower:+.2f} to {self.upper:+.2f})"
        return f"{self.gain:+.2f}{within}"


def operators(journal: JournalReader, *, at: int | None = None) -> list[OperatorYield]:
    """What each operator yielded until an iteration (by default the newest), the most accepted first."""
    proposed, useless, tried, raced, accepted = (Counter[str]() for _ in range(5))
    seen, made_by = set[int](), dict[str, str]()
    rows = journal.named_rows("SELECT id, body FROM programs")
    of = {row["id"]: variant_of(stored(row["body"])) for row in rows}  # memory grows while a proposal waits
    for row in journal.named_rows(
        "SELECT json_extract(body, '$.proposals') AS proposals, json_extract(body, '$.gates') AS gates"
        " FROM iterations WHERE number <= ? ORDER BY number",
        (latest(at),),
    ):
        for proposal in map(ProposalRecord.from_json, stored(row["proposals"] or "[]")):
            proposed[proposal.operator] += 1
            useless[proposal.operator] += proposal.useless
            made_by[of[proposal.program_id]] = proposal.operator
        for gate in map(GateRecord.from_json, stored(row["gates"] or "[]")):
            raced[gate.operator] += gate.number not in seen
            accepted[gate.operator] += gate.outcome == "accept"
            seen.add(gate.number)
    differences = _differences(journal, of, at)
    for variant in differences:
        if variant in made_by:
            tried[made_by[variant]] += 1
    gained = defaultdict[str, list[float]](list)
    for variant, values in differences.items():
        gained[made_by.get(variant, "")] += values
    calls = _calls(journal, of, made_by, at)
    names = sorted({*proposed, *raced}, key=lambda name: (-accepted[name], -raced[name], -proposed[name], name))
    told = []
    for n in names:
        mean = mean_interval(gained[n]) if gained[n] else None
        spread = mean is not None and mean.lower < mean.upper
        told.append(
            OperatorYield(
                operator=n,
                proposed=proposed[n],
                useless=useless[n],
                tried=tried[n],
                raced=raced[n],
                accepted=accepted[n],
                tasks=len(gained[n]),
                gain=mean.estimate if mean else None,
                lower=mean.lower if mean and spread else None,
                upper=mean.upper if mean and spread else None,
                calls=calls[n],
            )
        )
    return told


def _differences(journal: JournalReader, of: dict[str, str], at: int | None) -> dict[str, list[float]]:
    """What programs did better than the champion on the tasks of their trials, by what they are but for memory."""
    found = defaultdict[str, list[float]](list)
    for one in comparisons(journal, at=at):
        if one.record.kind != "proposal":
            continue
        champion, own, other = of[one.champion], of[one.record.program_id], of[one.record.beside_id]
        if own != champion:
            found[own] += one.record.differences
        elif other != champion:  # a proposal made the attempts
            found[other] += [-value for value in one.record.differences]
    return found


def _calls(journal: JournalReader, of: dict[str, str], made_by: dict[str, str], at: int | None) -> Counter[str]:
    """Calls for answers of proposals, by operator: their keys name the program. Those of a champion do not count."""
    rows = journal.named_rows(
        "SELECT key, iteration FROM calls WHERE iteration BETWEEN 1 AND ? AND node IN ('rewrite', 'compare', 'gate')"
        " AND role = 'task' AND state != 'intent'",
        (latest(at),),
    )
    champions = {
        row["number"] + 1: of[row["champion"]] for row in journal.named_rows("SELECT number, champion FROM iterations")
    }
    programs = Counter((row["iteration"], row["key"].rsplit("/", 3)[1]) for row in rows)
    found = Counter[str]()
    for (iteration, program), count in programs.items():
        variant = of.get(program, "")
        if variant != champions.get(iteration):
            found[made_by.get(variant, "")] += count
    return found
