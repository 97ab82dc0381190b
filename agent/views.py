"""What the command line prints: rich for people, JSON for machines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.spinner import Spinner
from rich.text import Text

from burnish.agent.difference import Difference
from burnish.agent.doctor import Check
from burnish.agent.report import Status
from burnish.agent.terminal import MovingLines, console, print_json, table
from burnish.agent.verify import Verification
from burnish.records import GateRecord, IterationRecord
from burnish.types import Exemplar
from burnish.types import Status as VerdictStatus

_UNITS = {"usd": "USD", "seconds": "s"}


class Progress(MovingLines):
    """Live progress on standard error: a line for each thing that happened, and one that moves below them."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(console(stderr=True), quiet=quiet)
        self._started = time.monotonic()
        self._calls = self._tokens = 0
        self._doing = "opening the run"

    def notify(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Take in one event of the run."""
        if kind == "call":
            self._calls += 1
            self._tokens += facts["tokens"]
        else:
            line = _line(kind, facts)
            self._doing = _DOING.get(kind, self._doing).format(**facts)
            if line:
                self.print(line)
        self.move(self._moving())

    def _moving(self) -> Group:
        seconds = int(time.monotonic() - self._started)
        text = f" {self._doing} · {self._calls} calls · {self._tokens:,} tokens · {seconds // 60}:{seconds % 60:02d}"
        return Group(Spinner("dots", text=Text(text, style="dim")))


_DOING = {
    "begin": "iteration {iteration}",
    "sealed": "sealed test on {tasks} tasks",
    "training": "training, step {step} of {steps}, loss {loss:.3f}",
    "stopping": "stopping: finishing the calls in flight",
}


def _line(kind: str, facts: Mapping[str, Any]) -> str:
    if kind == "plan":
        many = facts["iterations"]
        more = "more " if facts["done"] else ""
        bought = f"{many} {more}iteration{'s' * (many != 1)} and as many challengers or more"
        return f"The budget buys {bought}, and the sealed test."
    if kind == "scarce":
        counts = ", ".join(f"{count} {split}" for split, count in facts["splits"].items())
        return f"[yellow]Few tasks[/] are posed ({counts}), so hardly anything can be shown; pose more."
    if kind == "probe":
        return (
            "Reflection is on." if facts["reflection"] else "Reflection is off: the reflector failed its format probe."
        )
    if kind == "gate":
        return "  " + _gate(GateRecord.from_json(facts))
    if kind == "iteration":
        return _iteration(IterationRecord.from_json(facts))
    if kind == "guard":
        return "  [yellow]guard:[/] " + escape(" ".join(facts["alarms"])) + f" Action: {facts['action']}."
    if kind == "stopped":
        return f"Stopped: {escape(facts['reason'])}. Opening the sealed test."
    if kind == "waiting":
        asked = f"{facts['questions']} question{'s' * (facts['questions'] != 1)}"
        return f"[yellow]Waiting[/] for people: {asked}; `burnish review` with this run's directory asks them."
    if kind == "stopping":
        return f"{facts['signal']}: finishing the calls in flight; once more ends at once."
    return ""


def _iteration(record: IterationRecord) -> str:
    share = record.verified / record.attempts if record.attempts else 0.0
    failed = sum(count for status, count in record.statuses.items() if not VerdictStatus(status).judged)
    unjudged = f", {failed} without a verdict" if failed else ""
    return (
        f"[bold]iteration {record.number}[/]  verified {record.verified} of {record.attempts} attempts ({share:.0%}"
        f"{unjudged})  memory {record.memory} (+{record.admitted})"
    )


def _gate(gate: GateRecord) -> str:
    style = {"accept": "green", "reject": "red"}.get(gate.outcome, "yellow")
    return (
        f"[{style}]{gate.outcome}[/] challenger {gate.number}: {escape(gate.description)}  "
        f"[dim]{gate.champion_score:.2f} → {gate.challenger_score:.2f} on {gate.tasks} tasks, "
        f"e = {gate.e_value:.3g} of {gate.threshold:.3g}[/]"
    )


def print_status(status: Status, directory: Path, *, as_json: bool) -> None:
    """A few lines on where the run stands, who works on it and what of its budget is used."""
    if as_json:
        print_json(status)
        return
    screen, report = console(), status.report
    last = report.iterations[-1]
    screen.print(f"{escape(report.environment)}: {report.verdict} after iteration {last.number}")
    if last.number:
        screen.print(_iteration(last))
    total = report.total
    used = {
        "calls": f"{total.calls}",
        "tokens": f"{total.tokens:,}",
        "usd": f"{total.usd:.4f}",
        "seconds": f"{report.seconds:.0f}",
    }
    limits = {name: "" if status.limits[name] is None else f" of {status.limits[name]:,.12g}" for name in used}
    screen.print(" · ".join(f"{amount}{limits[name]} {_UNITS.get(name, name)}" for name, amount in used.items()))
    if status.process:
        screen.print(f"Process {status.process} is at work; calls in flight count their worst case.")
    if report.waiting:
        screen.print(
            f"{report.waiting} questions wait for people: `burnish review {directory}` asks them.", soft_wrap=True
        )
    if not status.process and not report.finished:
        screen.print(f"No process is at work: `burnish resume {directory}` goes on.", soft_wrap=True)


def print_memory(exemplars: Sequence[Exemplar], *, as_json: bool) -> None:
    """One row an exemplar."""
    if as_json:
        print_json(exemplars)
        return
    if not exemplars:
        console().print("0 exemplars: memory was empty.")
        return
    made = table(f"{len(exemplars)} exemplars")
    for column in ("id", "born", "cell", "task", "answer"):
        made.add_column(column, overflow="ellipsis", max_width=60)
    for e in exemplars:
        made.add_row(e.id, str(e.born), escape(e.cell), escape(_short(e.prompt)), escape(_short(e.answer)))
    console().print(made)


def print_difference(difference: Difference, *, as_json: bool) -> None:
    """Prompt, settings, memory, and the decisions between."""
    if as_json:
        print_json(difference)
        return
    screen = console()
    screen.print(f"[bold]iteration {difference.before} → {difference.after}[/]")
    for gate in difference.accepted:
        screen.print(_gate(gate))
    for name, old, new in difference.sections:
        screen.print(f"\n[bold]prompt section {escape(name)}[/]")
        for sign, style, text in (("-", "red", old), ("+", "green", new)):
            for line in text.splitlines():
                screen.print(f"[{style}]{sign} {escape(line)}[/]")
    for name, old, new in difference.settings:
        screen.print(f"{escape(name)}: [red]{escape(old)}[/] → [green]{escape(new)}[/]")
    screen.print(f"\nmemory: {len(difference.born)} born, {len(difference.died)} died")
    for exemplar in difference.born:
        screen.print(f"[green]+ {exemplar.id}[/] {escape(_short(exemplar.prompt))} [dim]{escape(exemplar.reason)}[/]")
    for exemplar in difference.died:
        screen.print(f"[red]- {exemplar.id}[/] {escape(_short(exemplar.prompt))} [dim]{escape(exemplar.death)}[/]")


def print_verification(result: Verification, *, as_json: bool) -> None:
    """What was re-derived and what did not agree."""
    if as_json:
        print_json(result)
        return
    screen = console()
    proofs = f", {result.proofs} proofs made again" if result.proofs else ""
    screen.print(
        f"{result.exemplars} exemplars, {result.verdicts} verdicts and {result.gates} gate decisions "
        f"re-derived; sealed test {'recomputed' if result.sealed else 'not opened yet'}{proofs}"
    )
    for note in result.notes:
        screen.print(f"[yellow]![/] {escape(note)}", soft_wrap=True)
    for problem in result.problems:
        screen.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    screen.print("[green]everything agrees[/]" if result.holds else f"[red]{len(result.problems)} disagreements[/]")


def print_checks(checks: Sequence[Check], *, as_json: bool) -> None:
    """One line a check."""
    if as_json:
        print_json(checks)
        return
    screen = console()
    for check in checks:
        mark = "[green]✓[/]" if check.well else "[red]✗[/]"
        screen.print(f"{mark} {check.name}: {escape(check.detail)}", soft_wrap=True)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:97] + "..."
