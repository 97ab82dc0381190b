"""One line for each thing that happens in a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from burnish.records import GateRecord, IterationRecord
from burnish.types import Status


def line_of(kind: str, facts: Mapping[str, Any]) -> str:
    """What a person is told of an event, in rich's markup; empty where there is nothing to tell."""
    if kind == "plan":
        more = "more " if facts["done"] else ""
        iterations = f"an iteration takes {facts['each']} at most"
        learning = f"{facts['learning']} {more}calls of learning ({iterations})"
        return f"The budget buys {learning}, and a sealed test of {facts['sealed_calls']}."
    if kind == "scarce":
        counts = ", ".join(f"{count} {split}" for split, count in facts["splits"].items())
        return f"[yellow]Few tasks[/] are posed ({counts}), so the tests have little power; yield more tasks."
    if kind == "probe":
        return (
            "Reflection is on." if facts["reflection"] else "Reflection is off: the reflector failed its format probe."
        )
    if kind == "gate":
        return "  " + gate_line(GateRecord.from_json(facts))
    if kind == "iteration":
        return iteration_line(IterationRecord.from_json(facts))
    if kind == "guard":
        return "  [yellow]guard:[/] " + escape(" ".join(facts["alarms"])) + f" Action: {facts['action']}."
    if kind == "stopped":
        return f"Stopped: {escape(facts['reason'])}. Opening the sealed test."
    if kind == "waiting":
        asked = f"{facts['questions']} question{'s' * (facts['questions'] != 1)}"
        return f"[yellow]Waiting[/] for people: {asked}; `burnish review` with this run's directory asks them."
    if kind == "stopping":
        return f"{facts['signal']}: finishing the calls in flight; a second signal ends at once."
    return ""


def iteration_line(record: IterationRecord) -> str:
    """What an iteration came to."""
    share = record.verified / record.attempts if record.attempts else 0.0
    failed = sum(count for status, count in record.statuses.items() if not Status(status).judged)
    unjudged = f", {failed} without a verdict" if failed else ""
    return (
        f"[bold]iteration {record.number}[/]  verified {record.verified} of {record.attempts} attempts ({share:.0%}"
        f"{unjudged})  memory {record.memory} (+{record.admitted})"
    )


def gate_line(gate: GateRecord) -> str:
    """What a race came to, and on what evidence."""
    style = {"accept": "green", "reject": "red"}.get(gate.outcome, "yellow")
    return (
        f"[{style}]{'racing' if gate.open else gate.outcome}[/] challenger {gate.number}: {escape(gate.description)}  "
        f"[dim]{gate.champion_score:.2f} → {gate.challenger_score:.2f} on {gate.tasks} tasks, "
        f"e = {gate.e_value:.3g} of {gate.threshold:.3g}[/]"
    )
