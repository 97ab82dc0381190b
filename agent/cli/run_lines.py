"""One line for each thing that happens in a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.markup import escape

from burnish.outages import Outage
from burnish.records import GateRecord, IterationRecord
from burnish.spelling import duration, several
from burnish.types import Status

ITERATIONS_TO_A_RACE = 2
"""A proposal is made in the first iteration, tried in the second, and raced then at the soonest."""


def line_of(kind: str, facts: Mapping[str, Any]) -> str:
    """What a person is told of an event, in rich's markup; empty where there is nothing to tell."""
    line = LINES.get(kind)
    return line(facts) if line else ""


def _plan_line(facts: Mapping[str, Any]) -> str:
    more = "more " if facts["done"] else ""
    learning, each = facts["learning"], facts["each"]
    iterations = f"an iteration takes {each} at most"
    first = ITERATIONS_TO_A_RACE * each
    race = f"the first race begins after about {first}" if first < learning else "too few for a race"
    stages = iterations if facts["done"] else f"{iterations}; {race}"
    return (
        f"The budget buys {learning} {more}calls of learning ({stages}), and a sealed test of {facts['sealed_calls']}."
    )


def _scarce_line(facts: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {split}" for split, count in facts["splits"].items())
    return f"[yellow]Few tasks[/] are posed ({counts}), so the tests have little power; yield more tasks."


def _probe_line(facts: Mapping[str, Any]) -> str:
    return "Reflection is on." if facts["reflection"] else f"Reflection is off: {escape(facts['reason'])}."


def _guard_line(facts: Mapping[str, Any]) -> str:
    return "  [yellow]guard:[/] " + escape(" ".join(facts["alarms"])) + f" Action: {facts['action']}."


def _waiting_line(facts: Mapping[str, Any]) -> str:
    asked = f"{facts['questions']} question{'s' * (facts['questions'] != 1)}"
    return f"[yellow]Waiting[/] for people: {asked}; `burnish review` with this run's directory asks them."


def outage_said(outage: Outage, now: float) -> str:
    """That a server is waited for, why, and when it is tried again; `now` in seconds since 1970."""
    failed = several(outage.tries, "time") + (f" in {duration(now - outage.since)}" if outage.tries > 1 else "")
    again = f"It failed {failed}, and is tried again in {duration(max(0.0, outage.until - now))}."
    return f"[yellow]Waiting[/] for a model server: {escape(outage.reason)}. {again}"


def _outage_line(facts: Mapping[str, Any]) -> str:
    """Told of the first try in vain, the second, the fourth and so on: a long outage is no flood of lines."""
    outage = Outage.from_json(facts)
    return "" if outage.tries & (outage.tries - 1) else outage_said(outage, time.time())


def _feedback_line(facts: Mapping[str, Any]) -> str:
    file, count, foreign = escape(facts["file"]), facts["answers"], facts["foreign"]
    if facts["problem"]:
        return f"[yellow]No feedback is taken in:[/] {escape(facts['problem'])}."
    taken = f"Taking in feedback on {count} served answer{'s' * (count != 1)} ({file})." if count else ""
    other = (
        f"{file} has feedback on {foreign} answer{'s' * (foreign != 1)} of another run; `burnish memory import` takes "
        f"{'them' if foreign != 1 else 'it'} in."
    )
    return f"{taken} {other if foreign else ''}".strip()


def _teacher_line(facts: Mapping[str, Any]) -> str:
    """What may be done with the answers of a teacher; nothing where everything may."""
    if facts["training"] == facts["sharing"] == "yes":
        return ""
    said = {
        "no": "must not train other models",
        "not-competing": "must not train models that compete with its maker's",
        "unknown": "may train other models or not: that is unknown",
        "yes": "may train other models, but not be published" if facts["sharing"] == "no" else "may train other models",
    }[facts["training"]]
    name = escape(facts["name"] or "without a name")
    return (
        f"[yellow]The teacher {name}:[/] what it writes {said}. Its answers help this run, and `burnish export` leaves "
        "them out of what they are not allowed for (docs/terms.md)."
    )


def iteration_line(record: IterationRecord) -> str:
    """What an iteration came to."""
    if record.by_hand is not None:
        died = sum(record.died.values())
        return (
            f"[bold]iteration {record.number}[/]  by hand: {escape(record.by_hand.said)}  memory {record.memory} "
            f"(+{record.admitted}{f' −{died}' if died else ''})"
        )
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
    evidence = (
        f"{gate.champion_score:.2f} → {gate.challenger_score:.2f} on {gate.tasks} tasks, "
        f"e = {gate.e_value:.3g} of {gate.threshold:.3g}"
    )
    none = "on the tasks of the next iteration" if gate.open else "no task was left"
    return (
        f"[{style}]{'racing' if gate.open else gate.outcome}[/] challenger {gate.number}: {escape(gate.description)}  "
        f"[dim]{evidence if gate.tasks else none}[/]"
    )


LINES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "plan": _plan_line,
    "scarce": _scarce_line,
    "broken": lambda facts: "\n".join(f"[yellow]{escape(said)}[/]" for said in facts["promises"]),
    "teacher": _teacher_line,
    "probe": _probe_line,
    "gate": lambda facts: "  " + gate_line(GateRecord.from_json(facts)),
    "iteration": lambda facts: iteration_line(IterationRecord.from_json(facts)),
    "guard": _guard_line,
    "stopped": lambda facts: f"Stopped: {escape(facts['reason'])}. Opening the sealed test.",
    "waiting": _waiting_line,
    "outage": _outage_line,
    "adapted": lambda facts: f"{escape(facts['reason'])}: {facts['change']} for this run.",
    "unobserved": lambda facts: (
        f"[yellow]The {escape(facts['observer'])} is told no more:[/] {escape(facts['reason'])}. The run goes on."
    ),
    "rejected": lambda facts: f"[yellow]The {facts['role']} model has no answer:[/] {escape(facts['reason'])}.",
    "back": lambda _: "The model server answers again.",
    "feedback": _feedback_line,
    "stopping": lambda facts: f"{facts['signal']}: finishing the calls in flight; a second signal ends at once.",
}
"""By the kind of event."""
