"""What the commands on environments print: rich for people, JSON for machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from burnish.agent.cli.plain import print_plain
from burnish.agent.cli.terminal import MovingLines, console, print_json
from burnish.environments.kit.findings import Conformance, Finding, Outcome
from burnish.environments.kit.showing import Judged, Showing, ShownTask
from burnish.environments.kit.table import PROMISES
from burnish.environments.registry import EnvironmentEntry
from burnish.types import Feedback, Message

if TYPE_CHECKING:
    from burnish.agent.inspecting.as_model import AsModel

MARKS: Mapping[str, str] = MappingProxyType(
    {
        "kept": "[green]✓[/]",
        "broken": "[red]✗[/]",
        "advice": "[yellow]![/]",
        "unknown": "[yellow]?[/]",
        "not applicable": "[dim]·[/]",
    }
)


def print_environments(entries: Sequence[EnvironmentEntry], *, as_json: bool) -> None:
    """One line an environment, and one for each that has something wrong with it."""
    if as_json:
        print_plain([dataclasses.asdict(entry) for entry in entries])
        return
    screen = console()
    table = Table(box=None, pad_edge=False)
    for column in ("name", "source", "what it is"):
        table.add_column(column)
    for entry in entries:
        table.add_row(escape(entry.name), escape(entry.source), escape(entry.summary))
    screen.print(table)
    for entry in entries:
        if entry.warning:
            line = f"[yellow]warning:[/] {escape(entry.name)} ({escape(entry.source)}): {escape(entry.warning)}"
            screen.print(line, soft_wrap=True)


def print_showing(showing: Showing, *, as_json: bool) -> None:
    """What the environment says of itself, then task by task what it says of answers."""
    if as_json:
        print_json(showing)
        return
    screen = console()
    screen.print(f"[bold]{escape(showing.name)}[/]  {escape(showing.instruction)}", soft_wrap=True)
    facts = {
        "abilities": ", ".join(showing.abilities) or "none besides tasks and verdicts",
        "levels": ", ".join(showing.levels),
        "tools": ", ".join(showing.tools),
        "turns": f"at most {showing.max_turns}" if showing.max_turns else "",
        "licence": showing.licence or "not said",
        "provenance": showing.provenance or "not said",
    }
    for name, fact in facts.items():
        if fact:
            screen.print(f"[dim]{name:<10}[/] {_visible(fact)}", soft_wrap=True)
    for task in showing.tasks:
        _print_task(screen, task)


def print_as_model(seen: AsModel, *, as_json: bool) -> None:
    """The messages of a first attempt and of a later one, as they are sent."""
    if as_json:
        print_json(seen)
        return
    screen = console()
    _print_messages(screen, "A first attempt", seen.first)
    if seen.grammar:
        screen.print("\n[dim]The answer is held to a grammar:[/]")
        screen.print(_visible(_short(seen.grammar)), soft_wrap=True)
    if seen.later:
        _print_messages(screen, "\nA later one, with exemplars that were verified", seen.later)
    else:
        screen.print("\nThe environment knows no answers, so there are no exemplars before a model finds some.")


def _print_messages(screen: Console, title: str, messages: Sequence[Message]) -> None:
    screen.print(f"[bold]{title}[/]")
    for message in messages:
        screen.print(f"[cyan]{message.role}[/]")
        screen.print("\n".join(f"  {line}" for line in _visible(message.content).split("\n")), soft_wrap=True)


def _print_task(screen: Console, task: ShownTask) -> None:
    cell = f", cell {escape(task.cell)}" if task.cell else ""
    screen.print(f"\n[bold]{task.split}[/]{cell}")
    screen.print(_visible(task.prompt), soft_wrap=True)
    if task.form:
        screen.print(f"  [dim]form[/]   {_visible(_short(task.form))}", soft_wrap=True)
    for judged in task.answers:
        screen.print(_judged(judged), soft_wrap=True)


def _judged(judged: Judged) -> str:
    lines = [f"  [dim]{judged.kind:<6}[/] {_visible(_short(judged.answer)) or '[dim](nothing)[/]'}"]
    lines.append(f"         {_verdict(judged.feedback)}")
    lines += [f"         [dim]{_visible(line)}[/]" for line in judged.feedback.text.splitlines()]
    return "\n".join(lines)


def _verdict(feedback: Feedback) -> str:
    style, said = ("green", "verified") if feedback.verified else ("red", "not verified")
    status = "" if feedback.status == "ok" else f", {feedback.status}"
    return f"[{style}]{said}[/], reward {feedback.reward:g}{status}"


class FindingLines(MovingLines):
    """Findings as they are made, and below them what is going on."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(console(), quiet=quiet)
        self._told: dict[tuple[str, str], str] = {}  # outcome and detail: the first promise they were told of
        self._alike: dict[tuple[Outcome, str], list[str]] = {}  # outcome and first promise: those it is the same with

    def __enter__(self) -> Self:
        super().__enter__()
        self.move(Spinner("dots", Text(" checking", style="dim")))
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for (outcome, first), names in self._alike.items():
            self.print(f"{MARKS[outcome]} [bold]{', '.join(names)}[/]  [dim]{outcome} like[/] {first}")

    def tell(self, finding: Finding) -> None:
        """Print a finding; those that do not apply are only counted at the end, and the same flaw is told once."""
        if finding.outcome == "not applicable":
            return
        first = self._told.setdefault((finding.outcome, finding.detail), finding.promise)
        if first != finding.promise and finding.outcome != "kept" and finding.detail:
            self._alike.setdefault((finding.outcome, first), []).append(finding.promise)
        else:
            self.print(_finding(finding))


def print_conformance(conformance: Conformance, *, as_json: bool) -> None:
    """How it came out in total; the findings themselves were told as they were made."""
    if as_json:
        print_json(conformance)
        return
    counts = {outcome: sum(f.outcome == outcome for f in conformance.findings) for outcome in MARKS}
    told = ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number)
    times = " · ".join(
        f"{name} p50 {1000 * spread.p50:.3g} ms, p95 {1000 * spread.p95:.3g} ms"
        for name, spread in conformance.times.items()
        if spread.count
    )
    style = "bold red" if conformance.broken else "bold green"
    screen = console()
    screen.print(f"\n[{style}]{escape(conformance.name)}[/]: {told} in {conformance.seconds:.1f} s", soft_wrap=True)
    if times:
        screen.print(f"[dim]{times}[/]", soft_wrap=True)
    if not conformance.complete:
        screen.print("Time was over before all was looked at; give it more with --seconds.", soft_wrap=True)


def _finding(finding: Finding) -> str:
    promise = PROMISES[finding.promise]
    lines = [f"{MARKS[finding.outcome]} [bold]{finding.promise}[/]  {_visible(finding.detail)}"]
    if finding.outcome == "broken":
        lines.insert(1, f"    [dim]promised:[/] {promise.says}")
    for name, value in finding.example.to_json().items() if finding.example else ():
        lines += [f"    [dim]{name + ':':<9}[/] {_visible(str(value))}"] if value else []
    return "\n".join(lines)


def print_new(folder: Path, spec: str) -> None:
    """What was written, and what to do with it."""
    screen = console()
    screen.print(f"Wrote a package that works as it is: {escape(str(folder))}", soft_wrap=True)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        screen.print(f"  {escape(str(path))}", soft_wrap=True)
    shown = spec if Path(spec).is_absolute() else f"./{spec}"
    screen.print("Next:", soft_wrap=True)
    for line in (f"pytest {folder}", f"burnish env check {shown}", f"burnish env show {shown}"):
        screen.print(f"  {escape(line)}", soft_wrap=True)


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:280]} ... ({len(text):,} characters)"


def _visible(text: str) -> str:
    """Foreign text, as Python writes it where it cannot be seen, and without what would command rich."""
    return escape("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text))
