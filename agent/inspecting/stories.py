"""The story of whatever a person names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from burnish.agent.inspecting.answers import Answer, answers
from burnish.agent.inspecting.calls import CallStory, call_story
from burnish.agent.inspecting.exemplars import ExemplarStory, applications, exemplar_story
from burnish.agent.inspecting.lives import likeness_condition
from burnish.agent.inspecting.names import Kind, named
from burnish.agent.inspecting.programs import ProgramStory, SectionChange, changes, program_story
from burnish.agent.inspecting.races import RaceStory, race_story
from burnish.agent.inspecting.tasks import TaskStory, task_story
from burnish.agent.record.run import Run
from burnish.errors import ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.programs import Program
from burnish.records import ADMITTED, ApplicantRecord, IterationRecord
from burnish.types import Exemplar, Record, Task


@dataclass(frozen=True)
class AnswerStory(Record):
    """An answer, every time that it was given, its task, and what became of it as something to remember."""

    task: Task
    given: tuple[Answer, ...]
    applications: tuple[ApplicantRecord, ...]


@dataclass(frozen=True)
class Refused(Record):
    """An answer that was not learned, and why."""

    application: ApplicantRecord
    answer: Answer


@dataclass(frozen=True)
class IterationStory(Record):
    """An iteration: its record, its champion and what that reads otherwise than the one before, who was born and died,
    and the answers that were not learned, each with the reason.
    """

    record: IterationRecord
    champion: Program
    changes: tuple[SectionChange, ...]
    born: tuple[Exemplar, ...]
    died: tuple[Exemplar, ...]
    refused: tuple[Refused, ...]


Story: TypeAlias = ExemplarStory | ProgramStory | TaskStory | AnswerStory | CallStory | RaceStory | IterationStory


def answer_story(journal: JournalReader, attempt_id: str) -> AnswerStory:
    """The story of an answer, by its id.

    Raises:
        ConfigError: there is no such answer.

    """
    given = answers(journal, "a.id = ?", (attempt_id,))
    if not given:
        raise ConfigError(f"this run had no answer {attempt_id}; `burnish show RUN TASK` lists those to a task")
    return AnswerStory(
        task=journal.task(given[0].task),
        given=tuple(given),
        applications=applications(journal, "attempt", attempt_id),
    )


def iteration_story(journal: JournalReader, number: int) -> IterationStory:
    """What happened in an iteration.

    Raises:
        ConfigError: there is no such iteration.

    """
    found = journal.iterations_within(number - 1, number)
    if not found:
        raise ConfigError(f"there is no iteration {number}; this run has 0 to {journal.newest()}")
    (record,) = found
    champion, before = journal.champion(number), journal.iterations_within(-1, number - 1)
    given = {one.attempt: one for one in answers(journal, "a.iteration = ?", (number,))}
    in_vain = [one for _, one in journal.applicants(number) if one.outcome != ADMITTED and one.attempt_id in given]
    return IterationStory(
        record=record,
        champion=champion,
        changes=changes(journal.program(before[-1].champion_id), champion) if before else (),
        born=tuple(journal.exemplars_where("born = ?", (record.revision,))),
        died=tuple(journal.exemplars_where("died = ?", (record.revision,))),
        refused=tuple(Refused(one, given[one.attempt_id]) for one in in_vain),
    )


def story(run: Run, text: str) -> Story:
    """The story of what an id, or its beginning, names.

    Raises:
        ConfigError: nothing is named so, or several things.

    """
    with run.journal() as journal:
        found = named(journal, text)
        if found.kind == "call":
            return call_story(journal, found.id, run.config.fingerprint)
        if found.kind == "exemplar":
            return exemplar_story(journal, found.id, near=likeness_condition(run.config))
        return STORIES[found.kind](journal, found.id)


STORIES: Mapping[Kind, Callable[[JournalReader, str], Story]] = MappingProxyType(
    {
        "program": program_story,
        "task": task_story,
        "answer": answer_story,
        "race": lambda journal, number: race_story(journal, int(number)),
        "iteration": lambda journal, number: iteration_story(journal, int(number)),
    }
)
