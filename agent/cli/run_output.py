"""What the command line prints: rich for people, JSON for machines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.markup import escape

from burnish.agent.cli.run_lines import gate_line, iteration_line, outage_said
from burnish.agent.cli.terminal import console, one_line, print_json, print_rows, print_signed

if TYPE_CHECKING:  # a command imports what it needs
    from burnish.agent.cli.doctor import Check
    from burnish.agent.inspecting.listing import Remembered
    from burnish.agent.record.diff import Difference
    from burnish.agent.record.status import Status
    from burnish.agent.verification.verify import Verification
    from burnish.programs import Prompt
    from burnish.types import Exemplar

MOST_NAMED = 40
"""Exemplars that came, and that went, of which a difference has lines."""
_UNITS = {"usd": "USD", "seconds": "s"}


def print_status(status: Status, directory: Path, *, as_json: bool) -> None:
    """A few lines on where the run stands, who works on it and what of its budget is used."""
    if as_json:
        print_json(status)
        return
    screen, last, total = console(), status.iteration, status.total
    changed = " (of the program before: changed by hand since the sealed test)" if status.since_sealed else ""
    screen.print(
        f"{escape(status.environment)}: {status.verdict}{changed} after iteration {last.number}", soft_wrap=True
    )
    if last.number:
        screen.print(iteration_line(last))
    used = {
        "calls": f"{total.calls}",
        "tokens": f"{total.tokens:,}",
        "usd": f"{total.usd:.4f}",
        "seconds": f"{status.seconds:.0f}",
    }
    limits = {name: "" if status.limits[name] is None else f" of {status.limits[name]:,.12g}" for name in used}
    screen.print(" · ".join(f"{amount}{limits[name]} {_UNITS.get(name, name)}" for name, amount in used.items()))
    if status.process:
        screen.print(f"Process {status.process} is at work; calls in flight count their worst case.")
    if status.outage:
        screen.print(outage_said(status.outage, time.time()), soft_wrap=True)
    screen.print(f"{status.remembered} exemplars remembered, of which the champion may show {status.shown}")
    if status.waiting:
        screen.print(
            f"{status.waiting} questions wait for people: `burnish review {directory}` asks them.", soft_wrap=True
        )
    if status.queued:
        screen.print(f"{status.queued} changes by hand wait for what is under way.")
    if not status.process and not status.finished and status.sittings:
        from burnish.agent.record.sittings import CUT_OFF

        last_sitting = status.sittings[-1]
        screen.print(f"Its last sitting ended: {escape(last_sitting.how or CUT_OFF)}.", soft_wrap=True)
    if not status.process and not status.finished:
        screen.print(f"No process is at work: `burnish resume {directory}` goes on.", soft_wrap=True)


SORTED_BY: Mapping[str, Callable[[Remembered], str]] = MappingProxyType(
    {
        "usefulness": lambda one: f"{one.gain.mean:+.3f} ± {one.gain.margin:.2f}" if one.gain else "unknown",
        "reward": lambda one: f"{one.exemplar.reward:.2f}",
        "rating": lambda one: "" if one.exemplar.rating is None else f"{one.exemplar.rating:.2f}",
    }
)
"""Columns that memory has only where it is sorted by them."""


def print_memory(
    found: Sequence[Remembered], remembered: int, shown: int, *, dead: bool, by: str = "", as_json: bool
) -> None:
    """One row an exemplar, of so many that are remembered and that the champion may show: these are marked. Or the
    dead. What they are sorted `by` has a column.
    """
    if as_json:
        print_json(found)
        return
    if not found:
        console().print(f"0 of {remembered} exemplars" if remembered else "0 exemplars: memory was empty.")
        return
    of = f"{len(found)}" if dead or remembered == len(found) else f"{len(found)} of {remembered}"
    among = f"of which the champion may show {shown} (●)"
    pins = sum(one.pinned for one in found)
    among += f", {pins} pinned (▲)" if pins else ""
    noun = "exemplar" if of == "1" else "exemplars"
    console().print(f"[bold]{of} {noun} {'that died' if dead else f'remembered, {among}'}[/]")
    likened = any(one.likeness is not None for one in found)
    rows = [
        (
            f"{'●' if one.shown else ''}{'▲' if one.pinned else ''}",
            one.exemplar.id,
            str(one.exemplar.born),
            *([f"{one.exemplar.died}"] if dead else []),
            str(one.showings),
            *([f"{one.likeness:.2f}"] if one.likeness is not None else []),
            *([SORTED_BY[by](one)] if by in SORTED_BY else []),
            one.exemplar.cell,
            _short(one.exemplar.prompt),
            one.why_died if dead else _short(one.exemplar.answer),
        )
        for one in found
    ]
    more = (*(["died"] if dead else []), "shown", *(["cosine"] if likened else []), *([by] if by in SORTED_BY else []))
    print_rows(("", "id", "born", *more, "cell", "task", "why" if dead else "answer"), rows, uncut=("why",))


def print_difference(difference: Difference, prompt: Prompt | None = None, *, as_json: bool) -> None:
    """Prompt, settings, memory, and the decisions between; where both have the same prompt, that, if it is given."""
    if as_json:
        print_json(difference)
        return
    screen, forward = console(), difference.before <= difference.after
    screen.print(f"[bold]iteration {difference.before} → {difference.after}[/]")
    for gate in difference.accepted:
        screen.print(gate_line(gate))
    for number, change in difference.by_hand:
        screen.print(f"iteration {number} by hand: {escape(change.said)}", soft_wrap=True)
    if not difference.sections:
        _print_unchanged(difference.after, prompt)
    for name, old, new in difference.sections:
        screen.print(f"\n[bold]prompt section {escape(name)}[/]")
        for sign, style, text in (("-", "red", old), ("+", "green", new)):
            for line in text.splitlines():
                screen.print(f"[{style}]{sign} {escape(line)}[/]")
    for name, old, new in difference.settings:
        screen.print(f"{escape(name)}: [red]{escape(old)}[/] → [green]{escape(new)}[/]")
    screen.print(
        f"\nmemory: {difference.remembered[0]} → {difference.remembered[1]} exemplars, {difference.counts[0]} "
        f"{'born' if forward else 'that died since'}, {difference.counts[1]} "
        f"{'died' if forward else 'born since'}"
    )
    signed = [("+", e) for e in difference.born] + [("-", e) for e in difference.died]
    print_signed(
        (sign, e.id, f"{_short(e.prompt)}  {_came_in(e) if (sign == '+') is forward else e.death}")
        for sign, e in signed
    )
    left = sum(difference.counts) - len(signed)
    if left:
        screen.print(f"[dim]{left:,} more came or went; --whole names them all[/]")


def _print_unchanged(iteration: int, prompt: Prompt | None) -> None:
    """That two iterations have one prompt, and that, or how to see it."""
    how = "" if prompt else f'; `burnish show RUN "iteration {iteration}"` or --whole prints it'
    console().print(f"prompt: unchanged{how}", soft_wrap=True)
    for name, text in prompt.sections if prompt else ():
        console().print(f"\n[bold]prompt section {escape(name)}[/]\n{escape(text)}", soft_wrap=True)


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
    line = one_line(text)
    return line if len(line) <= 100 else line[:97] + "..."


def _came_in(exemplar: Exemplar) -> str:
    """Why it was admitted, in short: `why` says whether likeness was a condition."""
    from burnish.agent.inspecting.lives import NOVEL

    return "verified" if exemplar.reason == NOVEL else exemplar.reason
