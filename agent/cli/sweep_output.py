"""What `burnish sweep` prints: which run it is at, and a table of means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from rich.markup import escape

from burnish.agent.cli.progress import Progress
from burnish.agent.cli.sweeping import Outcome, Variant
from burnish.agent.cli.terminal import console, print_json, table
from burnish.agent.record.run import Notify


def watched(
    runs: Sequence[Variant], progress: Callable[[], Progress], *, quiet: bool
) -> Callable[[Variant], AbstractContextManager[Notify]]:
    """Who is told of a run of these, after it is said which it is."""

    @contextmanager
    def made(variant: Variant) -> Iterator[Notify]:
        if not quiet:
            place = f"run {runs.index(variant) + 1} of {len(runs)}"
            console(stderr=True).print(f"\n[bold]{place}:[/] {escape(variant.name)}", soft_wrap=True)
        with progress() as shown:
            yield shown.notify

    return made


def print_sweep(found: Sequence[Outcome], as_json: bool) -> None:
    """A line for each combination of settings."""
    if as_json:
        print_json(found)
        return
    screen, shown = console(), table("")
    for column in ("settings", "improved", "champion passed", "gain", "95% interval", "calls"):
        shown.add_column(column)
    for one in found:
        interval = one.gain_interval
        shown.add_row(
            escape(", ".join(one.settings) or "(as configured)"),
            f"{one.improved} of {one.seeds}",
            f"{one.passed:.3f}",
            f"{one.gain:+.3f}",
            f"{interval.lower:+.3f} to {interval.upper:+.3f}" if interval else "one seed is no interval",
            f"{one.calls:,}",
        )
    screen.print(shown)
