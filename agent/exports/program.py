"""The champion of a run as a program file, on terms that allow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from burnish.agent.exports.rows import LEARNT_FROM
from burnish.agent.operators.reflection import TASK as REFLECTED
from burnish.agent.record.by_hand import forgotten, reasons_against, since_sealed
from burnish.agent.record.program_file import FileExemplar, ProgramFile, mark
from burnish.agent.record.run import Run, environment_of
from burnish.config import Section
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.policies.purposes import Purpose, licence_refusal, refusal
from burnish.programs import Program
from burnish.protocols import Environment, Licensed
from burnish.records import IterationRecord
from burnish.terms import TermsTable
from burnish.types import Attempt, Exemplar, JsonValue, Task, canonical_json

TASK_DEFAULTS = Task("", "").to_json()


class ProgramOptions(Section):
    """Whose champion a program file holds, and what the file is for."""

    at: int | None = None
    """The iteration whose champion it is. Left out, it is the newest, or the seed where the sealed test proved that one
    worse."""
    purpose: Purpose = "evaluate"
    """What the file is to be used for: `evaluate` is to use it oneself."""
    terms: Path | None = None
    """A file of terms of models of your own."""


def program_file(
    run: Run, options: ProgramOptions | None = None, *, environment: Environment | None = None
) -> ProgramFile:
    """The champion as of an iteration, with the exemplars it may be shown.

    For a purpose that the terms of a model forbid there is no file at all: one without those exemplars would be another
    program, which nothing has tested. `environment` is needed for runs made with a live object.

    Raises:
        ConfigError: there is no such iteration, or the terms forbid it; it says how many exemplars and why.

    """
    options = options or ProgramOptions()
    live = environment or environment_of(run)
    table = TermsTable.load(options.terms)
    with run.journal() as journal:
        number = run.given_out(journal, options.at)
        champion, records = journal.champion(number), journal.iterations()
        shown = _shown(journal, champion)
        tasks = {e.id: journal.task(e.task_id) for e in shown}
        authors = _authors(journal, champion, number)
        _refuse(options.purpose, table, shown, tasks, authors, live.licence if isinstance(live, Licensed) else "")
        episodes = played(journal)
        return ProgramFile(
            environment=live.name,
            iteration=number,
            purpose=options.purpose,
            authors=authors,
            prompt=dict(champion.prompt.sections),
            retrieval=champion.retrieval,
            decoding=champion.decoding,
            by_hand=_by_hand(records, number, sealed=journal.sealed() is not None),
            exemplars=tuple(written(e, tasks[e.id], episodes.get(e.attempt_id), table) for e in shown),
        )


def _shown(journal: JournalReader, program: Program) -> list[Exemplar]:
    """All that the program may show, by birth and id, but for what was forgotten since."""
    exemplars = journal.exemplars()
    gone = reasons_against(exemplars, forgotten(journal, journal.iterations()))
    return [exemplar for exemplar in exemplars if program.shows(exemplar) and exemplar.id not in gone]


def _by_hand(records: Sequence[IterationRecord], number: int, *, sealed: bool) -> str:
    """What a reader of the file should know of changes by hand; nothing where there were none until then."""
    changed = [record.number for record in records if record.by_hand and record.number <= number]
    if not changed:
        return ""
    late = sealed and any(record.number in changed for record in since_sealed(records))
    return f"changed by hand{' since the sealed test, which did not judge it' if late else ''}"


def _authors(journal: JournalReader, champion: Program, number: int) -> tuple[str, ...]:
    """The models that wrote what the prompt says: those of the file the run began with, and reflectors."""
    file = journal.meta("program")
    before = file["authors"] if isinstance(file, dict) else ()
    first = journal.program(journal.iterations()[0].champion_id)
    authors = {str(author) for author in before} if isinstance(before, list) else set()
    if champion.prompt.text(REFLECTED) != first.prompt.text(REFLECTED):
        for iteration in range(1, number + 1):
            answered = journal.completions(iteration)
            authors |= {c.model for key, c in answered.items() if "/rewrite/reflector/" in key}
    return tuple(sorted(authors))


def _refuse(
    purpose: Purpose,
    table: TermsTable,
    shown: Sequence[Exemplar],
    tasks: dict[str, Task],
    authors: Sequence[str],
    licence: str,
) -> None:
    """Raise where the terms forbid the purpose."""
    reasons: Counter[str] = Counter()
    for exemplar in shown:
        models = (exemplar.model, *filter(None, [tasks[exemplar.id].author]))
        refused = next(filter(None, (refusal(purpose, table.of(model), model) for model in models)), "")
        reasons[refused or licence_refusal(purpose, licence)] += 1
    del reasons[""]
    said = [f"{number} of its {len(shown)} exemplars: {why}" for why, number in reasons.items()]
    said += [f"its prompt: {why}" for author in authors if (why := refusal(purpose, table.of(author), author))]
    if said:
        raise ConfigError(
            f"the program may not leave the run for the purpose {purpose}: {'; '.join(said)}; write it for --purpose "
            "evaluate, which is use of your own, or give the terms by --terms"
        )


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
