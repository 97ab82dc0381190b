"""Exemplars of a revision, found and put in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from burnish.agent.inspecting.exemplars import showings_by_then
from burnish.agent.inspecting.lives import deaths_in_words
from burnish.agent.inspecting.names import named
from burnish.agent.record.by_hand import pinned_at
from burnish.agent.record.memory import recalled_memory
from burnish.agent.record.run import Run
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.policies.eviction import Gain, gains
from burnish.policies.retrieval import cosines
from burnish.programs import Program
from burnish.types import Exemplar, JsonValue, Record

Order: TypeAlias = Literal["born", "cell", "reward", "rating", "showings", "usefulness", "likeness"]


@dataclass(frozen=True)
class Remembered(Record):
    """An exemplar, whether the champion may show it, for how many train and validation answers it was shown so far, its
    cosine to what it was compared with, whether a person pinned it, in words why it died, if it did, and, where that
    was asked for, its usefulness by then (see `burnish.policies.eviction.gains`).
    """

    exemplar: Exemplar
    shown: bool
    showings: int
    likeness: float | None = None
    pinned: bool = False
    why_died: str = ""
    gain: Gain | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """The exemplar's fields, and these."""
        more: dict[str, JsonValue] = {"shown": self.shown, "showings": self.showings}
        more |= {"pinned": True} if self.pinned else {}
        more |= {"why_died": self.why_died} if self.why_died else {}
        more |= {"usefulness": self.gain.mean, "margin": self.gain.margin} if self.gain else {}
        return {**self.exemplar.to_json(), **more, **({} if self.likeness is None else {"likeness": self.likeness})}


def remembered(
    run: Run,
    at: int | None = None,
    *,
    search: str = "",
    like: str = "",
    cell: str = "",
    champion: bool = False,
    order: Order | None = None,
    limit: int | None = None,
    offset: int = 0,
    dead: bool = False,
) -> list[Remembered]:
    """The exemplars of a revision (by default the newest), or all that were `dead` by then: those with `search` in task
    or answer, of a `cell`, or that the `champion` may show. `like` is an exemplar, by its id, or a text. Unless an
    `order` is asked for, the likest to it come first, or else the oldest.

    Raises:
        ConfigError: there is no such revision, or nothing to compare with.

    """
    if dead and (like or champion):
        raise ConfigError("what is dead is neither shown nor compared; leave out --dead, or --like and --shown")
    order = order or ("likeness" if like else "born")
    if order == "likeness" and not like:
        raise ConfigError("--sort likeness needs something to be like; give --like an exemplar's id or a text")
    with run.journal() as journal:
        number = run.number(journal, at)
        program = journal.champion(number)
        where, values = _condition(number, search, cell, program if champion else None, dead=dead)
        most = "" if order in LATE else f" LIMIT {-1 if limit is None else limit} OFFSET {offset:d}"
        known = journal.exemplars_where(where, values, order=f"{ORDERS[order]}{most}")
        counts = _showings(journal, [exemplar.id for exemplar in known], number)
        pins = pinned_at(journal, number)
        died = deaths_in_words(journal, known) if dead else {}
        found = [
            Remembered(
                one,
                program.shows(one),
                counts.get(one.id, 0),
                pinned=one.id in pins and not dead,
                why_died=died.get(one.id, ""),
            )
            for one in known
        ]
        if like:
            found = _likened(run, journal, number, found, like)
        if order == "usefulness":
            useful = gains(showings_by_then(journal, number))
            found = [replace(one, gain=useful.get(one.exemplar.id)) for one in found]
        if order in LATE:
            found = sorted(found, key=LATE[order])[offset:]
        return found[:limit]


def shown_count(journal: JournalReader, number: int) -> int:
    """How many exemplars the champion of an iteration may show."""
    where, values = _condition(number, "", "", journal.champion(number), dead=False)
    ((count,),) = journal.rows(f"SELECT COUNT(*) FROM exemplars WHERE {where}", values)  # noqa: S608 (ours)
    return int(str(count))


def _condition(
    revision: int, search: str, cell: str, champion: Program | None, *, dead: bool
) -> tuple[str, tuple[str | int, ...]]:
    """Which rows of `exemplars` are wanted: with a `champion`, those that it may show."""
    parts: list[tuple[str, Sequence[str | int]]] = [
        ("died <= ?", (revision,)) if dead else ("born <= ? AND died > ?", (revision, revision))
    ]
    if search:
        texts = ("json_extract(body, '$.prompt')", "json_extract(body, '$.answer')", "id")
        parts.append(
            (f"({' OR '.join(f'instr(casefold(CAST({text} AS BLOB)), ?)' for text in texts)})", [search.casefold()] * 3)
        )
    if cell:
        parts.append(("COALESCE(json_extract(body, '$.cell'), '') = ?", (cell,)))
    if champion is not None:
        parts.append(("born <= ? AND died > ?", (champion.revision, champion.revision)))
        if not champion.retrieval.k:
            parts.append(("0", ()))
        chosen = champion.only or champion.dropped
        if chosen:
            parts.append((f"id {'' if champion.only else 'NOT '}IN ({','.join('?' * len(chosen))})", chosen))
    return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def _showings(journal: JournalReader, ids: Sequence[str], until: int) -> dict[str, int]:
    marks = ",".join("?" * len(ids))
    where = f"iteration BETWEEN 0 AND ? AND exemplar IN ({marks})"
    sql = f"SELECT exemplar, COUNT(*) AS n FROM shown WHERE {where} GROUP BY exemplar"  # noqa: S608 (marks)
    return {row["exemplar"]: row["n"] for row in journal.named_rows(sql, (until, *ids))}


def _likened(run: Run, journal: JournalReader, number: int, found: list[Remembered], like: str) -> list[Remembered]:
    memory = recalled_memory(run.place, run.config, journal, number)
    text = _meant(journal, like)
    if not found:
        return []
    alike = cosines(memory.vectors([one.exemplar.id for one in found]), memory.embedder.embed([text])[0]).tolist()
    return [replace(one, likeness=likeness) for one, likeness in zip(found, alike, strict=True)]


def _meant(journal: JournalReader, like: str) -> str:
    """The task of the exemplar that an id names, or its beginning; else the text itself."""
    if not AN_ID.fullmatch(like.strip()):
        return like
    try:
        other = named(journal, like)
    except ConfigError:
        if WHOLE_ID.fullmatch(like.strip()):
            raise
        return like
    if other.kind != "exemplar":
        raise ConfigError(f"{like} names a {other.kind}; give the id of an exemplar, or a text")
    return journal.exemplars_named([other.id])[0].prompt


AN_ID, WHOLE_ID = re.compile(r"[0-9a-f]{3,16}"), re.compile(r"[0-9a-f]{8,16}")
"""What may be an id, and what is taken for one, and not for a text."""
SHOWINGS = "SELECT COUNT(*) FROM shown s WHERE s.exemplar = exemplars.id AND s.iteration >= 0"
ORDERS: Mapping[Order, str] = MappingProxyType(
    {
        "born": "born, id",
        "cell": "COALESCE(json_extract(body, '$.cell'), ''), born, id",
        "reward": "json_extract(body, '$.reward') DESC, born, id",
        "rating": "COALESCE(json_extract(body, '$.rating'), 0) DESC, born, id",
        "showings": f"({SHOWINGS}) DESC, born, id",
        "usefulness": "born, id",
        "likeness": "born, id",
    }
)
"""By what exemplars are put in order."""
LATE: Mapping[Order, Callable[[Remembered], float]] = MappingProxyType(
    {
        "usefulness": lambda one: -one.gain.mean if one.gain else float("inf"),
        "likeness": lambda one: -(one.likeness or 0.0),
    }
)
"""What is told after they were read, the smallest first."""
