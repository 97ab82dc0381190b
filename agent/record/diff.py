"""What changed between two iterations of a run, and why."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.record.run import Run
from burnish.by_hand import ByHand
from burnish.records import GateRecord
from burnish.types import Exemplar, Record


@dataclass(frozen=True)
class Difference(Record):
    """From iteration `before` to `after`: sections as (name, old text, new text), settings as (name, old, new), how
    many exemplars were `remembered` at each, and on the way the gates whose challengers were accepted, and the changes
    that people made `by_hand`, by iteration.

    `born` and `died` are all that came and went on the way, those that did both in both. Read backwards, what died
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


def compare(run: Run, before: int, after: int) -> Difference:
    """The champion and the memory of two iterations side by side.

    Raises:
        ConfigError: there is no such iteration.

    """
    with run.journal() as journal:
        low, high = sorted((run.number(journal, before), run.number(journal, after)))
        old, new = journal.champion(before), journal.champion(after)
        changed = journal.exemplars_within(low, high)
        records = journal.iterations_within(low, high)
        remembered = (journal.remembered(before), journal.remembered(after))
    names = dict.fromkeys([n for n, _ in old.prompt.sections] + [n for n, _ in new.prompt.sections])
    born = tuple(e for e in changed if low < e.born <= high)
    died = tuple(e for e in changed if low < e.died <= high)
    return Difference(
        before=before,
        after=after,
        sections=tuple(
            (n, old.prompt.text(n), new.prompt.text(n)) for n in names if old.prompt.text(n) != new.prompt.text(n)
        ),
        settings=tuple(_settings(old.to_json(), new.to_json())),
        born=born if before <= after else died,
        died=died if before <= after else born,
        accepted=tuple(g for record in records for g in record.gates if g.outcome == "accept"),
        remembered=remembered,
        by_hand=tuple((record.number, record.by_hand) for record in records if record.by_hand),
    )


def _settings(old: object, new: object, prefix: str = "") -> list[tuple[str, str, str]]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [(prefix, str(old), str(new))] if old != new else []
    changes = []
    for key in old:
        if prefix or key not in {"id", "prompt"}:
            changes += _settings(old[key], new.get(key), f"{prefix}.{key}".lstrip("."))
    return changes
