"""An exemplar's whole story: how it came into memory, where it was shown and what came of it, why it left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from burnish.agent.inspecting.answers import Answer, answers, showings
from burnish.agent.inspecting.lives import admission_in_words, deaths_in_words
from burnish.agent.inspecting.names import latest
from burnish.errors import ConfigError
from burnish.memory.changes_by_hand import changes_by_hand
from burnish.memory.connection import stored
from burnish.memory.journal_reader import JournalReader
from burnish.policies.eviction import Showing, gains
from burnish.records import ApplicantRecord, DeathRecord
from burnish.types import Exemplar, Record


@dataclass(frozen=True)
class Usefulness(Record):
    """What showing an exemplar was seen to bring: the mean reward of answers that it was shown for, less that of others
    by the same programs to tasks of the same cells, shrunk towards 0, and its interval of 95 %; None where there were
    no others. It was `shown` for so many answers, of which `compared` have `others` to be compared with.
    """

    gain: float | None
    lower: float | None
    upper: float | None
    shown: int
    compared: int
    others: int
    verified: int

    @property
    def in_words(self) -> str:
        """The gain with its interval, where there is one, and of how many answers it is."""
        if self.gain is None:
            return "unknown: no program answered tasks of the same kind both with it and without it"
        return (
            f"{self.gain:+.3f} in reward (95 % interval {self.lower:+.2f} to {self.upper:+.2f}, shrunk towards 0): "
            f"{self.compared} answers with it beside {self.others} without it, by the same programs to tasks of the "
            "same kind"
        )


@dataclass(frozen=True)
class ExemplarStory(Record):
    """All that is known of an exemplar.

    `made_by` is the answer that it was, with the call that brought it, and `parents` the exemplars shown for that;
    `application` what decided that it came in, and `neighbour` the exemplar that was most alike then. `children` came
    from answers that it was shown for. `death` says why it died, and `successor` is what took its place, or what was
    most alike of those that stayed. `earlier` is the exemplar that it is once more, and `later` are those that are it
    once more. `pinned` says who keeps it from being evicted, since when and why; empty where nobody does.
    `admitted` and `died` say in words why it came in and why it left, the latter empty as long as it lives.
    """

    exemplar: Exemplar
    made_by: Answer | None
    parents: tuple[Exemplar, ...]
    application: ApplicantRecord | None
    neighbour: Exemplar | None
    showings: tuple[Answer, ...]
    usefulness: Usefulness
    children: tuple[Exemplar, ...]
    death: DeathRecord | None
    successor: Exemplar | None
    earlier: Exemplar | None
    later: tuple[Exemplar, ...]
    pinned: str = ""
    admitted: str = ""
    died: str = ""


def exemplar_story(journal: JournalReader, exemplar_id: str, *, near: float | None = None) -> ExemplarStory:
    """The story of an exemplar, by its id; `near` is the cosine from which on the run takes two for near-duplicates.

    Raises:
        ConfigError: there is no such exemplar.

    """
    exemplar = _one(journal, exemplar_id)
    if exemplar is None:
        raise ConfigError(f"this run had no exemplar {exemplar_id}; `burnish memory` lists them")
    made_by = _made_by(journal, exemplar)
    application = next(iter(applications(journal, "exemplar", exemplar_id)), None)
    death = _death(journal, exemplar_id)
    shown = showings(journal, exemplar_id)
    return ExemplarStory(
        exemplar=exemplar,
        made_by=made_by,
        parents=tuple(journal.exemplars_named(made_by.exemplars)) if made_by else (),
        application=application,
        neighbour=_one(journal, application.neighbour_id) if application else None,
        showings=tuple(shown),
        usefulness=usefulness_of(journal, exemplar_id, shown),
        children=tuple(_children(journal, exemplar_id)),
        death=death,
        successor=_one(journal, death.other_id) if death else None,
        earlier=_one(journal, exemplar.again),
        later=tuple(journal.exemplars_where("json_extract(body, '$.again') = ?", (exemplar_id,))),
        pinned=_pinned(journal, exemplar_id),
        admitted=admission_in_words(exemplar, near),
        died=deaths_in_words(journal, [exemplar])[exemplar_id],
    )


def _pinned(journal: JournalReader, exemplar_id: str) -> str:
    """The last word on whether it is pinned."""
    words = [
        one
        for one in changes_by_hand(journal)
        if one.iteration is not None and exemplar_id in one.change.ids and one.change.action in {"pin", "unpin"}
    ]
    if not words or words[-1].change.action == "unpin":
        return ""
    change = words[-1].change
    return f"{change.who} at iteration {words[-1].iteration}{f' ({change.because})' if change.because else ''}"


def usefulness_of(journal: JournalReader, exemplar_id: str, shown: Sequence[Answer]) -> Usefulness:
    """How useful an exemplar was over all answers to train and validation tasks: not those of the sealed test."""
    own = [answer for answer in shown if answer.iteration >= 0 and answer.judged]
    groups = sorted({(answer.program, _cell(journal, answer.task)) for answer in own})
    beside = [one for group in groups for one in _showings_of(journal, *group)]
    found = gains(beside).get(exemplar_id)  # None where there is nothing to compare with
    return Usefulness(
        gain=found.mean if found else None,
        lower=found.mean - found.margin if found else None,
        upper=found.mean + found.margin if found else None,
        shown=len(own),
        compared=found.shown if found else 0,
        others=found.others if found else 0,
        verified=sum(answer.verified for answer in own),
    )


def showings_by_then(journal: JournalReader, at: int | None = None) -> list[Showing]:
    """All judged answers to train and validation tasks until an iteration (by default the newest), from the side of
    what they were shown.
    """
    rows = journal.named_rows(
        "SELECT json_extract(a.body, '$.exemplar_ids') AS shown, s.cell, a.program,"
        " json_extract(a.verdict, '$.reward') AS reward FROM attempts a JOIN answered s ON s.iteration = a.iteration"
        " AND s.node = a.node AND s.place = a.place AND s.task = json_extract(a.body, '$.task_id')"
        " WHERE a.iteration BETWEEN 0 AND ? AND json_extract(a.verdict, '$.status') IN ('ok', 'unparsable')",
        (latest(at),),
    )
    return [Showing(tuple(stored(r["shown"] or "[]")), r["cell"], r["program"], float(r["reward"])) for r in rows]


def _showings_of(journal: JournalReader, program: str, cell: str) -> list[Showing]:
    """All judged answers by a program to tasks of a cell."""
    rows = journal.named_rows(
        "SELECT json_extract(a.body, '$.exemplar_ids') AS shown, json_extract(a.verdict, '$.reward') AS reward"
        " FROM attempts a JOIN tasks t ON t.id = json_extract(a.body, '$.task_id')"
        " WHERE a.program = ? AND a.iteration >= 0 AND COALESCE(json_extract(t.body, '$.cell'), '') = ?"
        " AND json_extract(a.verdict, '$.status') IN ('ok', 'unparsable')",
        (program, cell),
    )
    return [Showing(tuple(stored(r["shown"] or "[]")), cell, program, float(r["reward"])) for r in rows]


def _cell(journal: JournalReader, task_id: str) -> str:
    rows = journal.named_rows("SELECT json_extract(body, '$.cell') AS cell FROM tasks WHERE id = ?", (task_id,))
    return str(rows[0]["cell"] or "") if rows else ""


def _one(journal: JournalReader, exemplar_id: str) -> Exemplar | None:
    found = journal.exemplars_named([exemplar_id]) if exemplar_id else []
    return found[0] if found else None


def _made_by(journal: JournalReader, exemplar: Exemplar) -> Answer | None:
    """The answer that it was: by its call where that is known, else the first that was the same."""
    same = answers(journal, "a.id = ? AND a.iteration >= 0", (exemplar.attempt_id,)) if exemplar.attempt_id else []
    return next((answer for answer in same if answer.call and answer.call == exemplar.call), same[0] if same else None)


def applications(
    journal: JournalReader, column: Literal["exemplar", "attempt"], id_: str
) -> tuple[ApplicantRecord, ...]:
    """What was decided of an answer as something to remember, or of the answer that an exemplar was."""
    sql = f"SELECT body FROM applicants WHERE {column} = ? ORDER BY iteration, place"  # noqa: S608 (one of two names)
    return tuple(ApplicantRecord.from_json(stored(row["body"])) for row in journal.named_rows(sql, (id_,)))


def _death(journal: JournalReader, exemplar_id: str) -> DeathRecord | None:
    rows = journal.named_rows("SELECT body FROM deaths WHERE exemplar = ?", (exemplar_id,))
    return DeathRecord.from_json(stored(rows[0]["body"])) if rows else None


def _children(journal: JournalReader, exemplar_id: str) -> list[Exemplar]:
    """Exemplars that came in by an answer that it was shown for."""
    rows = journal.named_rows(
        "SELECT DISTINCT p.exemplar FROM shown s JOIN attempts a USING(iteration, node, place)"
        " JOIN applicants p ON p.attempt = a.id AND p.iteration = a.iteration"
        " WHERE s.exemplar = ? AND p.exemplar != ''",
        (exemplar_id,),
    )
    return journal.exemplars_named([row["exemplar"] for row in rows])
