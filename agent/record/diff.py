"""What changed between two iterations of a run, and why."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.record.run import Run
from burnish.records import GateRecord
from burnish.types import Exemplar, Record


@dataclass(frozen=True)
class Difference(Record):
    """From iteration `before` to `after`: sections as (name, old text, new text), settings as (name, old, new),
    exemplars born and died, and the gates whose challengers were accepted on the way.
    """

    before: int
    after: int
    sections: tuple[tuple[str, str, str], ...]
    settings: tuple[tuple[str, str, str], ...]
    born: tuple[Exemplar, ...]
    died: tuple[Exemplar, ...]
    accepted: tuple[GateRecord, ...]


def compare(run: Run, before: int, after: int) -> Difference:
    """The champion and the memory of two iterations side by side.

    Raises:
        ConfigError: there is no such iteration.

    """
    old, new = run.program(before), run.program(after)
    names = dict.fromkeys([n for n, _ in old.prompt.sections] + [n for n, _ in new.prompt.sections])
    then, now = run.memory(before), {e.id for e in run.memory(after)}
    known = {e.id for e in then}
    with run.journal() as journal:
        everyone = {e.id: e for e in journal.exemplars()}
    low, high = sorted((before, after))
    return Difference(
        before=before,
        after=after,
        sections=tuple(
            (n, old.prompt.text(n), new.prompt.text(n)) for n in names if old.prompt.text(n) != new.prompt.text(n)
        ),
        settings=tuple(_settings(old.to_json(), new.to_json())),
        born=tuple(everyone[i] for i in sorted(now - known)),
        died=tuple(everyone[e.id] for e in then if e.id not in now),
        accepted=tuple(g for r in run.iterations() if low < r.number <= high for g in r.gates if g.outcome == "accept"),
    )


def _settings(old: object, new: object, prefix: str = "") -> list[tuple[str, str, str]]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [(prefix, str(old), str(new))] if old != new else []
    changes = []
    for key in old:
        if not (prefix == "" and key == "prompt"):
            changes += _settings(old[key], new.get(key), f"{prefix}.{key}".lstrip("."))
    return changes
