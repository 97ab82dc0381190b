"""The champion of a run as a program file, on terms that allow it."""

from __future__ import annotations

from burnish.agent.exports.leaving import against_prompt, authors_of, counted, forbidden, posed, refuse
from burnish.agent.exports.program_options import ProgramOptions
from burnish.agent.exports.rows import LEARNT_FROM
from burnish.agent.record.program_file import FileExemplar, ProgramFile, mark
from burnish.agent.record.run import Run
from burnish.memory.journal_reader import JournalReader
from burnish.protocols import Environment
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
        champion = journal.program(journal.iterations()[number].champion_id)
        shown = [exemplar for exemplar in journal.exemplars() if champion.shows(exemplar)]
        tasks = {e.id: journal.task(e.task_id) for e in shown}
        authors = authors_of(journal, champion, number)
        barred = forbidden(options.purpose, table, shown, tasks, source.papers.licence)
        refuse(options.purpose, [*counted(barred, shown), *against_prompt(options.purpose, table, authors)])
        episodes = _episodes(journal)
        return ProgramFile(
            environment=source.name,
            iteration=number,
            purpose=options.purpose,
            authors=authors,
            prompt=dict(champion.prompt.sections),
            retrieval=champion.retrieval,
            decoding=champion.decoding,
            exemplars=tuple(_written(e, tasks[e.id], episodes.get(e.attempt_id), table) for e in shown),
        )


def _episodes(journal: JournalReader) -> dict[str, Attempt]:
    """The attempts that were played turn by turn, by id."""
    return {a.id: a for node in LEARNT_FROM for _, a, _ in journal.judged(node) if a.turns}


def _written(exemplar: Exemplar, task: Task, episode: Attempt | None, table: TermsTable) -> FileExemplar:
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
