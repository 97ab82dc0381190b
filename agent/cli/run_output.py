"""What the command line prints: rich for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from burnish.agent.cli.doctor import Check
from burnish.agent.cli.run_lines import gate_line, iteration_line
from burnish.agent.cli.terminal import console, print_json, table
from burnish.agent.record.diff import Difference
from burnish.agent.record.report import Status
from burnish.agent.verification.verify import Verification
from burnish.types import Exemplar

_UNITS = {"usd": "USD", "seconds": "s"}


def print_status(status: Status, directory: Path, *, as_json: bool) -> None:
    """A few lines on where the run stands, who works on it and what of its budget is used."""
    if as_json:
        print_json(status)
        return
    screen, report = console(), status.report
    last = report.iterations[-1]
    screen.print(f"{escape(report.environment)}: {report.verdict} after iteration {last.number}")
    if last.number:
        screen.print(iteration_line(last))
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
        screen.print(gate_line(gate))
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
    if result.again:
        screen.print("The run was made again from its configuration, with the answers that its models gave")
    if result.head:
        screen.print(f"Chain of hashes: {result.head}", soft_wrap=True)
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
