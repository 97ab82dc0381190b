"""`burnish review`: a person's queue in the terminal, a key a decision. Each decision is in the journal at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import click
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from burnish.agent.cli.terminal import console
from burnish.agent.record.run import Run, write_report
from burnish.agent.steering.queue import ACTIONS, decision
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.policies.involvement import open_questions, undoable
from burnish.records import Action, Decision, Question
from burnish.types import Record

KEYS = MappingProxyType(
    {
        "judge": (
            "[bold]a[/]ccept  [bold]r[/]eject  [bold]e[/]dit  [bold]1-5[/] rate  [bold]s[/]kip  [bold]u[/]ndo  "
            "[bold]q[/]uit"
        ),
        "write": "[bold]e[/] write the answer  [bold]r[/]eject the task  [bold]s[/]kip  [bold]u[/]ndo  [bold]q[/]uit",
        "evaluate": (
            "[bold]a[/] right  [bold]r[/] wrong  [bold]1-5[/] rate  [bold]s[/]kip  [bold]u[/]ndo  [bold]q[/]uit"
        ),
    }
)
"""What may be pressed at a question of a kind."""

ASKED = MappingProxyType(
    {
        "judge": "Is this answer right?",
        "write": "Write the answer to this task.",
        "evaluate": "Sealed test: is this answer right?",
    }
)

LETTERS: Mapping[str, Action] = MappingProxyType({"a": "accept", "r": "reject", "e": "edit", "s": "skip"})
WORDS = MappingProxyType({"accept": "a", "reject": "r", "edit": "e", "skip": "s", "undo": "u", "quit": "q"})
NOTHING = "?"
"""Stands for an empty line."""


@dataclass(frozen=True)
class Reviewed(Record):
    """What a sitting came to: questions settled, and those still open."""

    settled: int
    open: int


def review(run: Run, who: str) -> Reviewed:
    """Ask a person question after question until they quit or none is left; what they skip comes again next time.

    In a terminal a key is enough; elsewhere each line of standard input is one, and an edit is followed by the lines of
    the answer up to an empty one. The report of a finished run is written anew, since it says how far they agree.
    """
    settled, skipped = 0, set[str]()
    journal = Journal.join(run.place.journal)
    try:
        while (question := _next(journal, skipped)) is not None:
            left = open_questions(journal.questions(), journal.decisions())
            decisions = _asked(question, who, len(left))
            if decisions == "undo":
                settled -= _undone(journal, who)
                continue
            if not decisions:
                break
            for said in decisions:
                journal.add_decision(said)
            settled += decisions[-1].settles
            skipped |= {question.id} if decisions[-1].action == "skip" else set()
        left = open_questions(journal.questions(), journal.decisions())
    finally:
        journal.close()
        if settled and run.place.report.is_file():
            write_report(run)
    return Reviewed(settled, len(left))


def _undone(journal: Journal, who: str) -> bool:
    """Undo the decision before, and say which; whether there was one."""
    questions = journal.questions()
    last = next(iter(undoable(questions, journal.decisions())), None)
    if last is None:
        console().print("[dim]nothing can be undone: the run went on with what was decided[/]")
        return False
    asked = next(question for question in questions if question.id == last.question)
    journal.add_decision(decision(asked, "undo", who))
    console().print(f"undone: {last.action}")
    return True


def _next(journal: JournalReader, skipped: set[str]) -> Question | None:
    """The next question, each of those skipped in this sitting no second time."""
    left = open_questions(journal.questions(), journal.decisions())
    return next((question for question in left if question.id not in skipped), None)


def _asked(question: Question, who: str, left: int) -> list[Decision] | Literal["undo"]:
    """What the person says to one question: ratings, if any, and what ends it; nothing when they quit. Or that the
    decision before is to be undone.
    """
    _show(question, left)
    said: list[Decision] = []
    while True:
        key = _key()
        if key in {"q", ""}:
            return []
        if key == "u":
            return "undo"
        if key in {"1", "2", "3", "4", "5"} and question.kind != "write":
            said.append(decision(question, "rate", who, rating=int(key)))
            console().print(f"rated {key} of 5; now decide")
            continue
        action = LETTERS.get(key)
        if action not in ACTIONS[question.kind]:
            if key != NOTHING:
                console().print(f"{key[:40]!r} is no key here:", markup=False)
        elif action == "edit":
            answer = _lines()
            if answer:
                return [*said, decision(question, "edit", who, answer=answer)]
            console().print("[dim]nothing was written[/]")
        else:
            return [*said, decision(question, action, who)]
        console().print(KEYS[question.kind])


def _show(question: Question, left: int) -> None:
    parts = [Text(question.prompt)]
    if question.kind != "write":
        parts += [Text(""), Text(question.answer or "(an empty answer)", style="bold")]
    said = [question.feedback] if question.feedback else []
    said += [] if question.verified is None else [f"environment: {'right' if question.verified else 'not right'}"]
    said += [] if question.rating is None else [f"judge: {question.rating:.1f} of 5"]
    parts += [Text(""), *(Text(line, style="dim") for line in said)] if said else []
    title = f"{ASKED[question.kind]} ({left} left)"
    screen = console()
    screen.print(Panel(Group(*parts), title=title, title_align="left", expand=screen.is_terminal))
    screen.print(KEYS[question.kind])


def _key() -> str:
    """A key, or a whole line, which has to be one or its word; empty at the end of the input."""
    if sys.stdin.isatty():
        try:
            return click.getchar().lower()
        except (KeyboardInterrupt, EOFError):
            return ""
    line = sys.stdin.readline()
    said = line.strip().lower()
    return WORDS.get(said, said) or (NOTHING if line else "")


def _lines() -> str:
    """Lines up to an empty one; nothing if the input ends before."""
    if sys.stdin.isatty():
        console().print("[dim]The answer; an empty line ends it.[/]")
    lines: list[str] = []
    while line := sys.stdin.readline():
        if not line.strip():
            return "\n".join(lines)
        lines.append(line.rstrip("\n"))
    return ""
