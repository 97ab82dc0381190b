"""A new run that begins where an iteration of another ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.agent.api import lay_out
from burnish.agent.exports.program import played, written
from burnish.agent.loop.policies import resolved
from burnish.agent.loop.registry import check_parts
from burnish.agent.record.by_hand import forgotten, reasons_against
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.forked import FILE, Parent
from burnish.agent.record.program_file import ProgramFile, begun_from, save_text
from burnish.agent.record.run import Run, environment_of
from burnish.agent.steering.person import in_words, now, user
from burnish.config import RunConfig
from burnish.errors import BurnishError, ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import PARENT, links
from burnish.programs import Program
from burnish.protocols import Environment
from burnish.tables import apply_overrides
from burnish.terms import TermsTable
from burnish.types import Exemplar, Record, content_hash

OF_THE_PROGRAM = frozenset({"program", "prompt", "retrieval", "decoding", "environment", "environment_options"})
"""Settings that a fork has of the program that it begins with, or without which its exemplars would be another's."""


@dataclass(frozen=True)
class Forked(Record):
    """A run that was laid out in a `directory` and has not begun; `without` are exemplars of its parent, by id, that
    were forgotten there since.
    """

    directory: str
    parent: Parent
    seed: int
    without: tuple[str, ...] = ()


def fork(
    run: Run,
    *,
    at: int,
    directory: str | os.PathLike[str],
    because: str = "",
    who: str | None = None,
    budget: Mapping[str, int | float] | None = None,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    environment: Environment | None = None,
) -> Forked:
    """Lay out a new run that begins with program and memory of an iteration; `burnish resume` starts it. It has the
    settings of its parent but for `overrides` (`key.sub=value`), a budget of its own (limits by name; by default as
    large as its parent's), tasks by a `seed` of its own, and a sealed test drawn anew.

    Raises:
        ConfigError: there is no such iteration, its program has an adapter that the run trained, a setting is wrong or
            the program's, or the run was made with a live object and no `environment` is given.
        StorageError: something is in the directory already, or it cannot be written.

    """
    live = environment or environment_of(run)
    with run.journal() as journal:
        number = run.number(journal, at)
        champion = journal.champion(number)
        if champion.adapter != journal.champion(0).adapter:
            raise ConfigError(
                f"the program of iteration {number} has an adapter that the run trained, which a fork does not take "
                "over; fork an iteration before, or give the adapter to a new run by models.task.adapter"
            )
        remembered = journal.exemplars_at(number)
        gone = reasons_against(remembered, forgotten(journal, journal.iterations()))
        kept = [one for one in remembered if one.id not in gone]
        file = _file(journal, champion, kept, number, live.name)
        parent = Parent(
            run=run.place.path.resolve().name,
            iteration=number,
            head=next((one.digest for one in links(journal) if one.iteration == number), ""),
            program=champion.id,
            exemplars=len(kept),
            who=user() if who is None else in_words(who, "who"),
            when=now(),
            because=in_words(because, "because") if because else "",
            dropped=tuple(sorted(replace(one, born=0).id for one in kept if not _shown(champion, one))),
        )
    place = RunDirectory(Path(directory))
    given = [*overrides, *(f"budget.{name}={limit}" for name, limit in (budget or {}).items())]
    given += [] if seed is None else [f"seed={seed}"]
    config = _configured(run, place, file, parent, given)
    _laid_out(place, config, file, parent, live, named=environment is None)
    return Forked(str(place.path), parent, config.seed, tuple(gone))


def _shown(program: Program, exemplar: Exemplar) -> bool:
    """Whether a program would show an exemplar if it had the newest memory."""
    return exemplar.id in program.only if program.only else exemplar.id not in program.dropped


def _file(
    journal: JournalReader, champion: Program, exemplars: list[Exemplar], number: int, environment: str
) -> ProgramFile:
    """Program and memory, whether it shows all of that or not."""
    episodes, table = played(journal), TermsTable.load()
    return ProgramFile(
        environment=environment,
        iteration=number,
        prompt=dict(champion.prompt.sections),
        retrieval=champion.retrieval,
        decoding=champion.decoding,
        exemplars=tuple(
            written(one, journal.task(one.task_id), episodes.get(one.attempt_id), table) for one in exemplars
        ),
    )


def _configured(
    run: Run,
    place: RunDirectory,
    file: ProgramFile,
    parent: Parent,
    given: Sequence[str],
) -> RunConfig:
    """The settings of the parent, but for what a fork has of its own."""
    for setting in given:
        name = setting.partition("=")[0].partition(".")[0].strip()
        if name in OF_THE_PROGRAM:
            raise ConfigError(f"a fork takes {name} from the program that it begins with; leave {setting} out")
    data = run.config.model_dump(mode="json")
    own = int(content_hash("fork", parent.head, str(run.config.seed), str(parent.iteration))[:7], 16)
    changed = {
        **data,
        "sealed": {**data["sealed"], "seed": None},
        "seed": own,
        "program": "",
    }
    config = resolved(RunConfig.parse(apply_overrides(changed, given), "fork"))
    check_parts(config)
    own_file = str(place.path.resolve() / FILE)
    return begun_from(config.anywhere().model_copy(update={"program": own_file}), file, file.environment)


def _laid_out(
    place: RunDirectory, config: RunConfig, file: ProgramFile, parent: Parent, live: Environment, *, named: bool
) -> None:
    """Write the new run, all of it or nothing."""
    place.create(config)
    try:
        save_text(file.to_toml(), place.path / FILE)
        with place.locked():
            lay_out(place, config, live, named=named, **{PARENT: parent.to_json()})
    except BurnishError:
        shutil.rmtree(place.path)
        raise
