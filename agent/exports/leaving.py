"""What of a champion may leave its run: by the terms of the models behind its exemplars and its prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from burnish.agent.exports.provenance import Papers
from burnish.agent.operators.reflection import TASK as REFLECTED
from burnish.agent.record.by_hand import forgotten, reasons_against
from burnish.agent.record.run import Run, environment_of
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.policies.purposes import Purpose, licence_refusal, refusal
from burnish.programs import Program
from burnish.protocols import Environment
from burnish.terms import TermsTable
from burnish.types import Exemplar, Task


@dataclass(frozen=True)
class Posed:
    """Whose tasks a run is about: the name of its environment, and the papers of that."""

    name: str
    papers: Papers


def posed(run: Run, journal: JournalReader, environment: Environment | None = None) -> Posed:
    """Where a run's tasks come from. Of an object in Python that is not given, what it said when the run began."""
    if environment is None and journal.meta("live") is True:
        return Posed(run.config.environment, Papers.in_journal(journal))
    live = environment or environment_of(run)
    return Posed(live.name, Papers.of(live))


def may_leave(journal: JournalReader, program: Program) -> list[Exemplar]:
    """All that a program may show, by birth and id, but for what was forgotten since."""
    exemplars = journal.exemplars()
    gone = reasons_against(exemplars, forgotten(journal, journal.iterations()))
    return [exemplar for exemplar in exemplars if program.shows(exemplar) and exemplar.id not in gone]


def authors_of(journal: JournalReader, champion: Program, number: int) -> tuple[str, ...]:
    """The models that wrote what the prompt says: those of the file the run began with, and reflectors."""
    first, authors = journal.program(journal.iterations()[0].champion_id), _authors_of_file(journal)
    if champion.prompt.text(REFLECTED) != first.prompt.text(REFLECTED):
        for iteration in range(1, number + 1):
            answered = journal.completions(iteration)
            authors |= {c.model for key, c in answered.items() if "/rewrite/reflector/" in key}
    return tuple(sorted(authors))


def authors_of_any_prompt(journal: JournalReader) -> tuple[str, ...]:
    """The models that may have written into any prompt of a run, one that was refused too."""
    return tuple(sorted(_authors_of_file(journal) | set(journal.models("reflector"))))


def _authors_of_file(journal: JournalReader) -> set[str]:
    """Those of the program file that the run began with."""
    file = journal.meta("program")
    before = file["authors"] if isinstance(file, dict) else ()
    return {str(author) for author in before} if isinstance(before, list) else set()


def forbidden(
    purpose: Purpose, table: TermsTable, shown: Sequence[Exemplar], tasks: Mapping[str, Task], licence: str
) -> dict[str, str]:
    """Why an exemplar may not leave for the purpose, by its id; `tasks` are those of the exemplars, by the same."""
    found = {}
    for exemplar in shown:
        models = (exemplar.model, *filter(None, [tasks[exemplar.id].author]))
        refused = next(filter(None, (refusal(purpose, table.of(model), model) for model in models)), "")
        found[exemplar.id] = refused or licence_refusal(purpose, licence)
    return {id_: why for id_, why in found.items() if why}


def counted(reasons: Mapping[str, str], shown: Sequence[Exemplar]) -> list[str]:
    """How many exemplars may not leave, reason by reason, in words."""
    return [f"{number} of its {len(shown)} exemplars: {why}" for why, number in Counter(reasons.values()).items()]


def against_prompt(purpose: Purpose, table: TermsTable, authors: Sequence[str]) -> list[str]:
    """Why the prompt may not leave for the purpose, in words."""
    return [f"its prompt: {why}" for author in authors if (why := refusal(purpose, table.of(author), author))]


def refuse(purpose: Purpose, said: Sequence[str]) -> None:
    """Raise ConfigError where something was said against the purpose."""
    if said:
        raise ConfigError(
            f"the program may not leave the run for the purpose {purpose}: {'; '.join(said)}; write it for --purpose "
            "evaluate, which is use of your own, or give the terms by --terms"
        )
