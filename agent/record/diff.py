"""What changed between two iterations of a run, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from burnish.agent.record.run import Run
from burnish.by_hand import ByHand
from burnish.memory.journal_reader import JournalReader
from burnish.records import GateRecord
from burnish.types import Exemplar, Record


@dataclass(frozen=True)
class Difference(Record):
    """From iteration `before` to `after`: sections as (name, old text, new text), settings as (name, old, new), how
    many exemplars were `remembered` at each, and on the way the gates whose challengers were accepted, and the changes
    that people made `by_hand`, by iteration.

    `born` and `died` came and went on the way, those that did both in both; `counts` are how many each were, of which
    some may be left out. Read backwards, what died
    comes again and what was born goes.
    """

    before: int
    after: int
    sections: tuple[tuple[str, str, str], ...]
    settings: tuple[tuple[str, str, str], ...]
    born: tuple[Exemplar, ...]
    died: tuple[Exemplar, ...]
    accepted: tuple[GateRecord, ...]
    remembered: tuple[int, int] = (0, 0)
    by_hand: tuple[tuple[int, ByHand], ...] = ()
    counts: tuple[int, int] = (0, 0)


def compare(run: Run, before: int, after: int, *, most: int | None = None) -> Difference:
    """The champion and the memory of two iterations side by side; at most so many exemplars are named that came, and
    that went.

    Raises:
        ConfigError: there is no such iteration.

    """
    with run.journal() as journal:
        low, high = sorted((run.number(journal, before), run.number(journal, after)))
        old, new = journal.champion(before), journal.champion(after)
        came = _within(journal, "born", low, high, most)
        went = _within(journal, "died", low, high, most)
        records = journal.iterations_within(low, high)
        remembered = (journal.remembered(before), journal.remembered(after))
    names = dict.fromkeys([n for n, _ in old.prompt.sections] + [n for n, _ in new.prompt.sections])
    if before > after:
        came, went = went, came
    return Difference(
        before=before,
        after=after,
        sections=tuple(
            (n, old.prompt.text(n), new.prompt.text(n)) for n in names if old.prompt.text(n) != new.prompt.text(n)
        ),
        settings=tuple(setting_changes(old.to_json(), new.to_json())),
        born=came[0],
        died=went[0],
        accepted=tuple(g for record in records for g in record.gates if g.outcome == "accept"),
        remembered=remembered,
        counts=(came[1], went[1]),
        by_hand=tuple((record.number, record.by_hand) for record in records if record.by_hand),
    )


def _within(
    journal: JournalReader, column: Literal["born", "died"], low: int, high: int, most: int | None
) -> tuple[tuple[Exemplar, ...], int]:
    """The exemplars that were born or died after one revision until another, and how many they are."""
    where = f"{column} > ? AND {column} <= ?"
    ((count,),) = journal.rows(f"SELECT COUNT(*) FROM exemplars WHERE {where}", (low, high))  # noqa: S608 (one of two)
    limit = "" if most is None else f" LIMIT {most:d}"
    return tuple(journal.exemplars_where(where, (low, high), order=f"born, id{limit}")), int(str(count))


def setting_changes(old: object, new: object, prefix: str = "") -> list[tuple[str, str, str]]:
    """What differs in two programs beside prompt and memory, out of their JSON: (name, old, new)."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [(prefix, str(old), str(new))] if old != new else []
    changes = []
    for key in old:
        if prefix or key not in {"id", "prompt", "revision"}:
            changes += setting_changes(old[key], new.get(key), f"{prefix}.{key}".lstrip("."))
    return changes
