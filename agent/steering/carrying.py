"""Exemplars from one run to another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from burnish.agent.exports.program import played, written
from burnish.agent.record.exemplar_file import CarriedExemplar, as_json, read_exemplars, write_exemplars
from burnish.agent.record.program_file import lesson_of
from burnish.agent.record.run import Run, environment_of
from burnish.agent.steering.ordering import Steered, order
from burnish.agent.steering.person import in_words, now, user
from burnish.by_hand import ByHand
from burnish.errors import ConfigError
from burnish.memory.links import head_of
from burnish.policies.purposes import Purpose, licence_refusal, refusal
from burnish.protocols import Environment
from burnish.records import ADMITTED
from burnish.terms import TermsTable
from burnish.types import Record


@dataclass(frozen=True)
class Carried(Record):
    """What a file holds of a run: so many `exemplars` that were remembered at an `iteration`; and how many were left
    out since terms forbid the purpose, by reason.
    """

    file: str
    iteration: int
    exemplars: int
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported(Record):
    """What came of an import: the change, and of each exemplar that was refused its id in the file and why, in the
    order of the file; nothing as long as the import waits.
    """

    steered: Steered
    exemplars: int
    refused: tuple[tuple[str, str], ...] = ()


def export_memory(
    run: Run,
    file: str | os.PathLike[str],
    *,
    at: int | None = None,
    purpose: Purpose = "evaluate",
    terms: Path | None = None,
    who: str | None = None,
) -> Carried:
    """Write what is remembered at an iteration (by default the newest) to a file of JSON Lines, each with its papers,
    but for those whose models or tasks forbid the `purpose`; to `evaluate` is to use them oneself. `terms` is a file of
    terms of models of your own.

    Raises:
        ConfigError: there is no such iteration, nothing is remembered then, or none of it may leave the run.
        ExportExists: the file is there already.
        StorageError: it cannot be written.

    """
    table, by, when = TermsTable.load(terms), user() if who is None else in_words(who, "who"), now()
    with run.journal() as journal:
        number = run.number(journal, at)
        episodes, licence, head = played(journal), str(journal.meta("licence") or ""), head_of(journal)
        exemplars: list[CarriedExemplar] = []
        left_out = Counter[str]()
        for one in run.memory(number):
            task = journal.task(one.task_id)
            models = (one.model, *filter(None, [task.author]))
            refused = next(filter(None, (refusal(purpose, table.of(model), model) for model in models)), "")
            if why := refused or licence_refusal(purpose, licence):
                left_out[why] += 1
                continue
            said = written(one, task, episodes.get(one.attempt_id), table).model_dump()
            papers = {"run": run.place.path.resolve().name, "head": head, "iteration": number, "who": by, "when": when}
            terms_of = {"sharing": table.of(one.model).sharing, "tasks_licence": licence}
            exemplars.append(
                CarriedExemplar.model_validate({**said, **papers, **terms_of, "environment": task.environment})
            )
    if left_out and not exemplars:
        said_why = "; ".join(f"{count} exemplars: {why}" for why, count in left_out.items())
        raise ConfigError(
            f"nothing may leave the run for the purpose {purpose}: {said_why}; export for --purpose evaluate, which is "
            "use of your own, or give the terms by --terms"
        )
    if not exemplars:
        raise ConfigError(f"nothing is remembered at iteration {number}; give another by --at")
    write_exemplars(Path(file), exemplars)
    return Carried(str(file), number, len(exemplars), dict(left_out))


def import_memory(
    run: Run,
    file: str | os.PathLike[str],
    *,
    because: str = "",
    who: str | None = None,
    environment: Environment | None = None,
) -> Imported:
    """Have a run take in the exemplars of a file. The environment of the run judges each again, and its admission
    policy decides as it does on any answer. `environment` is needed for runs made with a live object.

    Raises:
        ConfigError: the file cannot be read, or a line of it is no exemplar; nothing is imported then.
        StorageError: the run cannot be written.

    """
    path, live = Path(file), environment or environment_of(run)
    carried = read_exemplars(path)
    for number, one in enumerate(carried, 1):
        try:
            lesson_of(one, one.environment, edited=True)
        except (ValueError, TypeError):  # what json and the record say to a text that is none, or of other keys
            raise ConfigError(
                f"{path}, exemplar {number}: its data and task must be JSON objects as they were written; take it out, "
                "or put that right"
            ) from None
    runs = Counter(one.run or "?" for one in carried)
    source = f"{', '.join(f'run {name}' for name in runs)} ({path.name}, {len(carried)})"
    why = in_words(because, "because") if because else ""
    change = ByHand("import", user() if who is None else in_words(who, "who"), now(), why, source=source)
    steered = order(run, change, lessons=[as_json(one) for one in carried], environment=live)
    return Imported(steered, len(carried), _refused(run, steered, carried))


def _refused(run: Run, steered: Steered, carried: list[CarriedExemplar]) -> tuple[tuple[str, str], ...]:
    if steered.record is None:
        return ()
    with run.journal() as journal:
        became = [one for _, one in journal.applicants(steered.record.number)]
    names = [one.id or one.prompt[:40] for one in carried]
    return tuple((name, one.outcome) for name, one in zip(names, became, strict=True) if one.outcome != ADMITTED)
