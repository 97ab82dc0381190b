"""The prompts of a run, each with the one that it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass

from burnish.agent.inspecting.programs import first_by_prompt
from burnish.memory.journal_reader import JournalReader
from burnish.types import Record


@dataclass(frozen=True)
class LineageNode(Record):
    """A prompt in the lineage of a run, by the first `program` that had it. `parent` is that of its parent's prompt.
    `outcome` is how it fared: champion, accepted, rejected, undecided, of no use, or in trial.
    """

    program: str
    parent: str
    operator: str
    iteration: int
    description: str
    outcome: str


def lineage(journal: JournalReader) -> list[LineageNode]:
    """Every prompt of a run, oldest first."""
    by_prompt, said = first_by_prompt(journal), _descriptions(journal)
    born, prompt_of = dict[str, int](), dict[str, str]()
    sql = "SELECT id, iteration, json_extract(body, '$.prompt.sections') AS prompt FROM programs"
    for row in journal.named_rows(sql):
        born[row["id"]], prompt_of[row["id"]] = row["iteration"], row["prompt"]
    fared: dict[str, str] = {}
    for program_id, outcome in _outcomes(journal).items():
        prompt = prompt_of.get(program_id, "")
        fared[prompt] = max(fared.get(prompt, RANKS[0]), outcome, key=RANKS.index)
    return [
        LineageNode(
            program=program.id,
            parent=by_prompt[program.prompt.parent].id if program.prompt.parent in by_prompt else "",
            operator=program.prompt.operator,
            iteration=born[program.id],
            description=said.get(program.id, ""),
            outcome=fared.get(prompt_of[program.id], RANKS[0]),
        )
        for program in by_prompt.values()
    ]


RANKS = ("tried", "of no use", "undecided", "rejected", "accepted", "champion")
"""How a prompt may fare, the last word last."""
OF_RACES = {"accept": "accepted", "reject": "rejected", "undecided": "undecided"}


def _outcomes(journal: JournalReader) -> dict[str, str]:
    """How each program fared that was proposed, raced or champion, by id; the last word counts."""
    found: dict[str, str] = {}
    for row in journal.named_rows(
        "SELECT champion, json_extract(body, '$.proposals') AS proposals, json_extract(body, '$.gates') AS gates"
        " FROM iterations ORDER BY number"
    ):
        for proposal in json.loads(row["proposals"] or "[]"):
            found.setdefault(proposal["program_id"], "of no use" if proposal.get("useless") else "tried")
        for gate in json.loads(row["gates"] or "[]"):
            found[gate["challenger_id"]] = OF_RACES[gate["outcome"]]
        found[row["champion"]] = "champion"
    return found


def _descriptions(journal: JournalReader) -> dict[str, str]:
    rows = journal.named_rows(
        "SELECT json_extract(p.value, '$.program_id') AS program, json_extract(p.value, '$.description') AS said"
        " FROM iterations i, json_each(i.body, '$.proposals') p ORDER BY i.number"
    )
    return {row["program"]: row["said"] for row in rows}
