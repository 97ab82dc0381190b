"""`burnish watch`: runs at work, seen from any terminal. It only reads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from burnish.agent.cli.plain import print_plain
from burnish.agent.cli.progress import DOING
from burnish.agent.cli.run_lines import outage_said
from burnish.agent.cli.terminal import console
from burnish.agent.inspecting.summary import Point, Summary, summary
from burnish.agent.record.run import open_run
from burnish.agent.record.status import Status
from burnish.errors import StorageError
from burnish.records import SEALED
from burnish.spelling import duration

BARS = " ▁▂▃▄▅▆▇█"
MOST_POINTS = 60
"""Iterations of the curve that are drawn, the newest of them."""
UNITS = {"calls": "calls", "tokens": "tokens", "usd": "USD", "seconds": "s", "iterations": "iterations"}


def watch_runs(runs: Sequence[Path], *, every: float, once: bool, as_json: bool) -> None:
    """Show runs until Ctrl-C; `once` or in a pipe until all are shown once.

    Raises:
        StorageError: a directory holds no run.

    """
    for run in runs:
        open_run(run)  # what is no run at all is said at once
    if as_json:
        print_plain([_looked_at(run).to_json() for run in runs])
        return
    screen = console()
    if once or not screen.is_terminal:
        screen.print(_shown(runs), soft_wrap=True)
        return
    try:
        with Live(_shown(runs), console=screen, screen=False, auto_refresh=False) as live:
            while True:
                time.sleep(every)
                live.update(_shown(runs), refresh=True)
    except KeyboardInterrupt:
        return


def _looked_at(run: Path) -> Summary:
    return summary(open_run(run))


def _shown(runs: Sequence[Path]) -> RenderableType:
    blocks: list[RenderableType] = []
    for run in runs:
        try:
            blocks += [Text.from_markup(line) for line in lines_of(_looked_at(run), time.time())]
        except StorageError as error:  # it has not begun yet
            blocks.append(Text(f"{run}: {error}"))
        blocks.append(Text())
    return Group(*blocks[:-1])


def lines_of(run: Summary, now: float) -> Iterator[str]:
    """A run in a few lines of markup; `now` in seconds since 1970."""
    status = run.status
    yield f"[bold]{escape(run.name)}[/]  {escape(run.environment)} · {escape(run.model)} · seed {run.seed}"
    yield f"  {_state(status)}, {status.remembered} exemplars remembered"
    if curve := curve_of(run.points):
        yield f"  verified  {curve}"
    yield f"  spent     {' · '.join(_spent(status))}"
    if run.work:
        node = max(run.work, key=lambda one: one.in_flight)
        stage = "sealed test" if node.iteration == SEALED else f"iteration {node.iteration}"
        yield f"  now       {stage}: {DOING.get(node.node, escape(node.node))}, {node.in_flight} calls in flight"
    if status.outage is not None:
        yield f"  {outage_said(status.outage, now)}"
    if status.waiting:
        yield f"  [yellow]{status.waiting} questions wait for people[/]"
    for alarm in run.points[-1].alarms if run.points else ():
        yield f"  [yellow]guard:[/] {escape(alarm)}"
    if status.finished or not status.process:
        yield from (f"  {escape(said)}" for said in run.sentences)


def curve_of(points: Sequence[Point]) -> str:
    """The share of attempts that was verified, iteration by iteration, as bars, with the newest in words."""
    shares = [(point.share, point.promoted) for point in points if point.share is not None][-MOST_POINTS:]
    if not shares:
        return ""
    bars = "".join(f"[green]{_bar(share)}[/]" if promoted else _bar(share) for share, promoted in shares)
    return f"{bars} {shares[-1][0]:.0%}"


def _bar(share: float) -> str:
    return BARS[max(1, round(share * (len(BARS) - 1)))] if share else BARS[1]


def _state(status: Status) -> str:
    where = f"after iteration {status.iteration.number}"
    if status.finished:
        return f"[bold]{status.verdict.upper()}[/] {where}"
    if status.process:
        return f"at work {where} (process {status.process})"
    ended = status.sittings[-1].how if status.sittings else ""
    return f"[yellow]nobody at work[/] {where}{f': {escape(ended)}' if ended else ''}"


def _spent(status: Status) -> Iterator[str]:
    """What of each limit is used, and when it is used up at the pace of the whole run."""
    used = {
        "calls": float(status.total.calls),
        "tokens": float(status.total.tokens),
        "usd": status.total.usd,
        "seconds": status.seconds,
        "iterations": float(status.iteration.number),
    }
    for name, amount in used.items():
        limit = status.limits.get(name)
        if limit is None:
            if name != "iterations" and amount:
                yield f"{_amount(name, amount)} {UNITS[name]}"
            continue
        if name == "iterations" and limit >= EVER:
            continue
        left = max(0.0, limit - amount) * status.seconds / amount if amount else 0.0
        soon = f", up in about {duration(left)}" if left and status.process and not status.finished else ""
        yield f"{_amount(name, amount)} of {_amount(name, limit)} {UNITS[name]} ({amount / limit:.0%}{soon})"


EVER = 1000
"""Iterations that are no limit, for none is meant."""


def _amount(name: str, amount: float) -> str:
    return f"{amount:,.4f}" if name == "usd" else f"{amount:,.0f}"
