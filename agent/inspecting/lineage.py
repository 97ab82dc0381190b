"""The programs of a run, each with the one that it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from burnish.agent.inspecting.names import latest
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.types import Record


@dataclass(frozen=True)
class LineageNode(Record):
    """A program in the lineage of a run; those that differ in memory alone are one, by the first of them, and `newest`
    is the last. `parent` is the one that its prompt was made from, or the first with the same prompt and other
    settings. `outcome` is how it fared: champion, accepted, rejected, undecided, tried (beside the champion), of no
    use, or proposed only. A control was made for the sealed test; others were used besides, as in a cold start.
    """

    program: str
    parent: str
    operator: str
    iteration: int
    description: str
    outcome: str
    newest: str


def lineage(journal: JournalReader, *, at: int | None = None) -> list[LineageNode]:
    """Every program that there was until an iteration (by default the newest), but for memory, oldest first; how each
    had fared by then.
    """
    rows = journal.named_rows(
        "SELECT id, iteration, body FROM programs WHERE iteration <= ? ORDER BY iteration < 0, iteration, id",
        (latest(at),),
    )
    proposed, outcomes = _proposed(journal), _outcomes(journal, at)
    same, of_prompt = dict[str, list[tuple[str, int, Any]]](), dict[str, str]()
    for row in rows:
        body = stored(row["body"])
        same.setdefault(variant_of(body), []).append((row["id"], row["iteration"], body["prompt"]))
        of_prompt.setdefault(body["prompt"]["id"], row["id"])
    return [_node(some, of_prompt, proposed, outcomes) for some in same.values()]


def variant_of(body: Mapping[str, Any]) -> str:
    """What a program is but for its memory, out of its JSON."""
    return json.dumps([body["prompt"]["id"], *(body.get(name) for name in VARYING)], sort_keys=True)


def _node(
    same: Sequence[tuple[str, int, Any]],
    of_prompt: Mapping[str, str],
    proposed: Mapping[str, tuple[str, str]],
    outcomes: Mapping[str, str],
) -> LineageNode:
    """The programs that differ in memory alone as one."""
    program, iteration, prompt = same[0]
    first_of_prompt = of_prompt[prompt["id"]]
    fared = [outcomes.get(id_, RANKS[0] if number < 0 else RANKS[1]) for id_, number, _ in same]
    operator, said = next((proposed[id_] for id_, _, _ in same if id_ in proposed), (prompt["operator"], ""))
    return LineageNode(
        program=program,
        parent=of_prompt.get(prompt["parent"], "") if first_of_prompt == program else first_of_prompt,
        operator=operator,
        iteration=iteration,
        description=change_in_words(said),
        outcome=max(fared, key=RANKS.index),
        newest=same[-1][0],
    )


def change_in_words(said: str) -> str:
    """What a program changes; of a swap also what takes the exemplar's place."""
    return f"{said} for the one that retrieval finds next" if said.startswith(SWAP) and " for " not in said else said


def in_tree(nodes: Iterable[LineageNode]) -> list[tuple[int, LineageNode]]:
    """Each program below the one that it was made from, with how deep it stands there."""
    children: dict[str, list[LineageNode]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node)
    found, left = list[tuple[int, LineageNode]](), [(0, node) for node in reversed(children.get("", []))]
    while left:
        depth, node = left.pop()
        found.append((depth, node))
        left += [(depth + 1, child) for child in reversed(children.get(node.program, []))]
    return found


VARYING = ("retrieval", "decoding", "dropped", "only", "adapter")
"""What programs may differ in beside their prompt and their memory."""
RANKS = ("control", "besides", "proposed", "of no use", "tried", "undecided", "rejected", "accepted", "champion")
"""How a prompt may fare, the last word last."""
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "champion": "in force in some iteration",
        "accepted": "raced, and proved to be better",
        "rejected": "raced, and a gain worth having was ruled out",
        "undecided": "raced, and neither proved nor ruled out",
        "tried": "answered train tasks beside the champion, and was not raced",
        "of no use": "put to a few tasks that had failed, it did better on none of them, and was not tried further",
        "proposed": "proposed, and not tried beside the champion",
        "besides": "answered a few tasks without being proposed: a further way of asking, as in a cold start",
        "control": "made for the sealed test, to compare with",
    }
)
"""What the words mean for how a program may fare."""
SWAP = "swap of exemplar "
"""How it begins what a program is said to change that leaves one exemplar out."""
OF_RACES = {"accept": "accepted", "reject": "rejected", "undecided": "undecided"}


def _outcomes(journal: JournalReader, at: int | None) -> dict[str, str]:
    """How each program fared that was proposed, raced or champion, by id; the last word counts."""
    found: dict[str, str] = {}
    for row in journal.named_rows(
        "SELECT champion, json_extract(body, '$.proposals') AS proposals, json_extract(body, '$.gates') AS gates,"
        " json_extract(body, '$.comparisons') AS comparisons FROM iterations WHERE number <= ? ORDER BY number",
        (latest(at),),
    ):
        for proposal in stored(row["proposals"] or "[]"):
            found.setdefault(proposal["program_id"], "of no use" if proposal.get("useless") else "proposed")
        for beside in stored(row["comparisons"] or "[]"):
            if beside["kind"] == "proposal":
                found[beside["program_id"]] = "tried"
        for gate in stored(row["gates"] or "[]"):
            found[gate["challenger_id"]] = OF_RACES[gate["outcome"]]
        found[row["champion"]] = "champion"
    return found


def _proposed(journal: JournalReader) -> dict[str, tuple[str, str]]:
    """Operator and description of what was proposed, by the program's id."""
    rows = journal.named_rows(
        "SELECT json_extract(p.value, '$.program_id') AS program, json_extract(p.value, '$.operator') AS operator,"
        " json_extract(p.value, '$.description') AS said FROM iterations i, json_each(i.body, '$.proposals') p"
        " ORDER BY i.number"
    )
    return {row["program"]: (row["operator"], row["said"]) for row in rows}
