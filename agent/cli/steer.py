"""The commands that steer a run by hand: each makes one change, which the journal keeps with who, when and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # a command imports what it needs
    from burnish.agent.steering.ordering import Steered

PANEL = "Steer a run"

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of exemplars, or their first characters.")]
Who = Annotated[str | None, typer.Option("--who", help="Who does it; by default the user of this machine.")]
Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def rollback(
    run: RunArgument,
    *,
    to: Annotated[int, typer.Option(help="The iteration to go back to.")],
    because: Because = "",
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Go back to program and memory of an iteration, as a new one; history stays."""
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.returning import rollback as roll_back

    _print(roll_back(open_run(run), to=to, because=because, who=who), as_json=as_json)


def forget(
    run: RunArgument,
    ids: Ids,
    *,
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; it is kept with the exemplar.")],
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Take exemplars out of memory for good; they do not come back by themselves."""
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.forgetting import forget as forget_them

    _print(forget_them(open_run(run), ids, because=because, who=who), as_json=as_json)


def pin(
    run: RunArgument,
    ids: Ids,
    *,
    off: Annotated[bool, typer.Option("--off", help="Let policies decide on them again.")] = False,
    because: Because = "",
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Keep exemplars in memory whatever policies decide; only `burnish forget` removes them."""
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.forgetting import pin as pin_them

    _print(pin_them(open_run(run), ids, off=off, because=because, who=who), as_json=as_json)


def _print(steered: Steered, *, as_json: bool) -> None:
    from rich.markup import escape

    from burnish.agent.cli.run_lines import iteration_line
    from burnish.agent.cli.terminal import console, print_json

    if as_json:
        print_json(steered)
        return
    screen = console()
    if steered.record is None:
        screen.print(escape(f"Queued: {steered.change.said}. It waits for {steered.waits_for}."), soft_wrap=True)
    else:
        screen.print(iteration_line(steered.record), soft_wrap=True)
    for note in steered.notes:
        screen.print(escape(note), soft_wrap=True)


COMMANDS: Sequence[tuple[Callable[..., None], str]] = [
    (rollback, 'burnish rollback runs/first --to 3 --because "4 learned from bad tasks"'),
    (forget, 'burnish forget runs/first 3fa9 --because "a customer\'s name is in it"'),
    (pin, "burnish pin runs/first 3fa9"),
]
"""Each with an example."""
