"""All exemplars that ever were at once, a line each: what a file for somebody else holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.types import Exemplar, Record


@dataclass(frozen=True)
class ExemplarLine(Record):
    """An exemplar in short: the `program` that made it, and the exemplars that were shown then, its `parents`; the
    `neighbour` was most alike when it came in, and `other` is what took its place or stayed beside it, each at a
    cosine. It was shown for `showings` answers to train and validation tasks, of which `right` were verified.
    """

    exemplar: Exemplar
    program: str
    parents: tuple[str, ...]
    neighbour: str
    likeness: float | None
    other: str
    other_likeness: float | None
    showings: int
    right: int


def exemplar_lines(journal: JournalReader) -> list[ExemplarLine]:
    """Every exemplar of a run, by birth and id."""
    made, near, deaths, shown = _made(journal), _near(journal), journal.deaths(), _shown(journal)
    lines = []
    for one in journal.exemplars():
        program, parents = made.get((one.attempt_id, one.call)) or made.get((one.attempt_id, "")) or ("", ())
        neighbour, likeness = near.get(one.id, ("", None))
        death = deaths.get(one.id)
        lines.append(
            ExemplarLine(
                exemplar=one,
                program=program,
                parents=tuple(parents),
                neighbour=neighbour,
                likeness=likeness,
                other=death.other_id if death else "",
                other_likeness=death.likeness if death else None,
                showings=shown.get(one.id, (0, 0))[0],
                right=shown.get(one.id, (0, 0))[1],
            )
        )
    return lines


def _made(journal: JournalReader) -> Mapping[tuple[str, str], tuple[str, Sequence[str]]]:
    """Program and exemplars shown, by answer and call; under no call those of the first that was the same."""
    rows = journal.named_rows(
        "SELECT a.id, a.program, json_extract(a.body, '$.call') AS call,"
        " json_extract(a.body, '$.exemplar_ids') AS shown"
        " FROM attempts a WHERE a.iteration >= 0 AND a.id IN (SELECT json_extract(body, '$.attempt_id') FROM exemplars)"
        " ORDER BY a.iteration, a.node, a.place"
    )
    found: dict[tuple[str, str], tuple[str, Sequence[str]]] = {}
    for row in rows:
        made = row["program"] or "", stored(row["shown"] or "[]")
        found.setdefault((row["id"], row["call"] or ""), made)
        found.setdefault((row["id"], ""), made)
    return found


def _near(journal: JournalReader) -> dict[str, tuple[str, float | None]]:
    """What was most alike when an exemplar came in, by exemplar."""
    rows = journal.named_rows(
        "SELECT exemplar, json_extract(body, '$.neighbour_id') AS neighbour,"
        " json_extract(body, '$.likeness') AS likeness"
        " FROM applicants WHERE exemplar != ''"
    )
    return {row["exemplar"]: (row["neighbour"] or "", row["likeness"]) for row in rows}


def _shown(journal: JournalReader) -> dict[str, tuple[int, int]]:
    """For how many answers an exemplar was shown, and how many of them were right."""
    rows = journal.named_rows(
        "SELECT s.exemplar, COUNT(*) AS n, SUM(json_extract(a.verdict, '$.verified')) AS verified"
        " FROM shown s JOIN attempts a USING(iteration, node, place) WHERE s.iteration >= 0 GROUP BY s.exemplar"
    )
    return {row["exemplar"]: (row["n"], int(row["verified"] or 0)) for row in rows}
