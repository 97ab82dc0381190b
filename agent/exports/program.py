"""The champion of a run as a program file, on terms that allow it."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.agent.exports.leaving import (
    against_prompt,
    authors_of,
    counted,
    forbidden,
    may_leave,
    posed,
    refuse,
)
from burnish.agent.exports.program_options import ProgramOptions
from burnish.agent.exports.rows import LEARNT_FROM
from burnish.agent.record.by_hand import since_sealed
from burnish.agent.record.program_file import FileExemplar, ProgramFile, mark
from burnish.agent.record.run import Run
from burnish.memory.journal_reader import JournalReader
from burnish.protocols import Environment
from burnish.records import IterationRecord
from burnish.terms import TermsTable
from burnish.types import Attempt, Exemplar, JsonValue, Task, canonical_json

TASK_DEFAULTS = Task("", "").to_json()


def program_file(
    run: Run, options: ProgramOptions | None = None, *, environment: Environment | None = None
) -> ProgramFile:
    """The champion as of an iteration, with the exemplars it may be shown.

    For a purpose that the terms of a model forbid there is no file at all: one without those exemplars would be another
    program, which nothing has tested. Of an `environment` that was an object in Python, and is not given, the file has
    the name and the licence that it said when the run began.

    Raises:
        ConfigError: there is no such iteration, or the terms forbid it; it says how many exemplars and why.

    """
    options = options or ProgramOptions()
    table = TermsTable.load(options.terms)
    with run.journal() as journal:
        source = posed(run, journal, environment)
        number = run.given_out(journal, options.at)
        champion, records = journal.champion(number), journal.iterations()
        shown = may_leave(journal, champion)
        tasks = {e.id: journal.task(e.task_id) for e in shown}
        authors = authors_of(journal, champion, number)
        barred = forbidden(options.purpose, table, shown, tasks, source.papers.licence)
        refuse(options.purpose, [*counted(barred, shown), *against_prompt(options.purpose, table, authors)])
        episodes = played(journal)
        return ProgramFile(
            environment=source.name,
            iteration=number,
            purpose=options.purpose,
            authors=authors,
            prompt=dict(champion.prompt.sections),
            retrieval=champion.retrieval,
            decoding=champion.decoding,
            by_hand=_by_hand(records, number, sealed=journal.sealed() is not None),
            exemplars=tuple(written(e, tasks[e.id], episodes.get(e.attempt_id), table) for e in shown),
        )


def _by_hand(records: Sequence[IterationRecord], number: int, *, sealed: bool) -> str:
    """What a reader of the file should know of changes by hand; nothing where there were none until then."""
    changed = [record.number for record in records if record.by_hand and record.number <= number]
    if not changed:
        return ""
    late = sealed and any(record.number in changed for record in since_sealed(records))
    return f"changed by hand{' since the sealed test, which did not judge it' if late else ''}"


def played(journal: JournalReader) -> dict[str, Attempt]:
    """The attempts that were played turn by turn, by id."""
    return {a.id: a for node in LEARNT_FROM for _, a, _ in journal.judged(node) if a.turns}


def written(exemplar: Exemplar, task: Task, episode: Attempt | None, table: TermsTable) -> FileExemplar:
    """An exemplar with all that is needed to judge it again, and its papers."""
    terms = table.of(exemplar.model)
    own: dict[str, JsonValue] = {
        key: value
        for key, value in task.to_json().items()
        if key not in {"id", "environment", "data", "cell"} and value != TASK_DEFAULTS[key]
    }
    if task.prompt == exemplar.prompt:
        del own["prompt"]
    return FileExemplar.model_validate(
        {
            "id": exemplar.id,
            "mark": mark(task, exemplar.prompt, exemplar.answer),
            "prompt": exemplar.prompt,
            "answer": exemplar.answer,
            "cell": exemplar.cell,
            "reward": exemplar.reward,
            "rating": exemplar.rating,
            "model": exemplar.model,
            "licence": terms.licence,
            "training": terms.training,
            "origin": exemplar.origin,
            "level": exemplar.level,
            "reviewer": exemplar.reviewer,
            "data": canonical_json(task.to_json()["data"]) if task.data else "",
            "task": canonical_json(own) if own else "",
            "turn": exemplar.turn,
            "turns": [(t.observation, t.action, t.label) for t in episode.turns] if episode else [],
        }
    )
