"""The champion of a run with exemplars that are the same for every task, as files of other libraries hold it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from burnish.agent.exports.choosing import Choice, choose
from burnish.agent.exports.leaving import against_prompt, authors_of, counted, forbidden, may_leave, posed, refuse
from burnish.agent.exports.program_options import ProgramOptions
from burnish.agent.models.embedded import FILE as PACKAGED
from burnish.agent.models.rendering import render
from burnish.agent.record.run import Run
from burnish.config import ModelConfig
from burnish.memory.journal_reader import JournalReader
from burnish.policies.purposes import Purpose
from burnish.programs import Program
from burnish.protocols import Environment
from burnish.terms import TermsTable
from burnish.types import Message, Record, Task

_HERE = "\0task\0"
"""Stands for a task while the rest is rendered."""


@dataclass(frozen=True)
class FixedProgram:
    """A champion, the exemplars chosen for it, and what stays behind.

    `memory` is how many exemplars it may show, and `left_out` how many of them the terms keep back, by reason. `model`
    is the name of the model, and `weights` the file of it where Burnish served it itself.
    """

    program: Program
    choice: Choice
    environment: str
    iteration: int
    purpose: Purpose
    model: str
    weights: str
    memory: int
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def frame(self) -> Frame:
        """The messages as the run's own program would send them with these exemplars."""
        *head, last = render(self.program, self.choice.exemplars, Task(self.environment, _HERE))
        before, _, after = last.content.rpartition(_HERE)
        return Frame(tuple(head), before, after)

    @property
    def turns(self) -> FixedProgram:
        """The same, its exemplars shown as chat turns below the instruction, whichever way the program shows them."""
        decoding = replace(self.program.decoding, rendering="turns")
        return replace(self, program=replace(self.program, decoding=decoding))


@dataclass(frozen=True)
class Frame(Record):
    """Messages with a place for the task: those of `head`, then one of the user with the task amid `before` and
    `after`.
    """

    head: tuple[Message, ...]
    before: str
    after: str

    def around(self, task: str) -> tuple[Message, ...]:
        """The messages for a task."""
        return (*self.head, Message("user", f"{self.before}{task}{self.after}"))


def fixed_program(
    run: Run, options: ProgramOptions | None = None, *, environment: Environment | None = None
) -> FixedProgram:
    """The champion as of an iteration, with as many exemplars as it shows with a task.

    They are chosen from those that the terms of their models let go for the purpose; see `choose`.

    Raises:
        ConfigError: there is no such iteration, or the terms forbid the prompt or all of the exemplars.

    """
    options = options or ProgramOptions(format="messages")
    table = TermsTable.load(options.terms)
    with run.journal() as journal:
        source = posed(run, journal, environment)
        number = run.given_out(journal, options.at)
        champion = journal.champion(number)
        shown = [e for e in may_leave(journal, champion) if e.id not in champion.dropped]
        tasks = {e.id: journal.task(e.task_id) for e in shown}
        barred = forbidden(options.purpose, table, shown, tasks, source.papers.licence)
        said = against_prompt(options.purpose, table, authors_of(journal, champion, number))
        left = [e for e in shown if e.id not in barred]
        refuse(options.purpose, said + ([] if left else counted(barred, shown)))
        program = replace(champion, dropped=tuple(sorted({*champion.dropped, *barred})))
        task = run.config.models.task
        return FixedProgram(
            program=program,
            choice=choose(run, journal, program, left, Task(source.name, options.task.strip())),
            environment=source.name,
            iteration=number,
            purpose=options.purpose,
            model=_model(journal, task),
            weights=(task.file.replace("\\", "/").rpartition("/")[2] or PACKAGED) if task.url == "embedded" else "",
            memory=len(shown),
            left_out=dict(Counter(barred.values())),
        )


def _model(journal: JournalReader, task: ModelConfig) -> str:
    """The name by which the model goes."""
    return task.name or next(iter(journal.models("task")), "")
