"""The commands that steer a run by hand: each makes one change, which the journal keeps with who, when and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from burnish.agent.cli.key_options import sets
from burnish.agent.cli.plain import say

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


def fork(
    run: RunArgument,
    *,
    at: Annotated[int, typer.Option(help="The iteration to begin from.")],
    directory: Annotated[Path, typer.Option("--dir", help="New directory for the run.")],
    because: Because = "",
    who: Who = None,
    budget_calls: Annotated[int | None, sets("budget.calls")] = None,
    budget_tokens: Annotated[int | None, sets("budget.tokens")] = None,
    budget_usd: Annotated[float | None, sets("budget.usd")] = None,
    budget_seconds: Annotated[float | None, sets("budget.seconds")] = None,
    iterations: Annotated[int | None, sets("budget.iterations")] = None,
    seed: Annotated[int | None, sets("seed")] = None,
    option: Annotated[list[str] | None, typer.Option("-o", metavar="key.sub=value", help="Set any other key.")] = None,
    as_json: Json = False,
) -> None:
    """Lay out a new run that begins with program and memory of an iteration; `burnish resume` starts it."""
    from burnish.agent.cli.terminal import console, print_json
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.forking import fork as fork_run
    from burnish.tables import without_none

    limits = {
        "calls": budget_calls,
        "tokens": budget_tokens,
        "usd": budget_usd,
        "seconds": budget_seconds,
        "iterations": iterations,
    }
    made = fork_run(
        open_run(run),
        at=at,
        directory=directory,
        because=because,
        who=who,
        budget=without_none(limits),
        seed=seed,
        overrides=option or (),
    )
    if as_json:
        print_json(made)
        return
    lines = [
        f"{made.directory}: {made.parent.exemplars} exemplars and program {made.parent.program} of iteration "
        f"{made.parent.iteration}",
        *([f"Without {', '.join(made.without)}, forgotten since."] if made.without else []),
        f"`burnish resume {made.directory}` starts it.",
    ]
    for line in lines:
        console().print(line, soft_wrap=True, markup=False)


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


LIST = "list"
"""What `burnish memory` does where neither export nor import is asked for."""


class _ListsByDefault(TyperGroup):
    """`burnish memory RUN` is `burnish memory list RUN`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] and args[0] in self.commands else [LIST, *args])


memory_app = typer.Typer(
    cls=_ListsByDefault,
    help="What is remembered as of any iteration; `export` and `import` carry it from one run to another.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@memory_app.command(name="export", epilog="Example: burnish memory export runs/first contacts.jsonl")
def export_memory(
    run: RunArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write, JSON Lines.")],
    *,
    at: Annotated[int | None, typer.Option(help="As of this iteration; by default the newest.")] = None,
    purpose: Annotated[
        Literal["train", "evaluate", "share"], typer.Option(help="What it is for; evaluate is use of your own.")
    ] = "evaluate",
    terms: Annotated[Path | None, typer.Option(help="A file of terms of models of your own.")] = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Write what is remembered to a file, each exemplar with its papers, for another run to import."""
    from burnish.agent.cli.terminal import console, print_json
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.carrying import export_memory as export

    carried = export(open_run(run), file, at=at, purpose=purpose, terms=terms, who=who)
    if as_json:
        print_json(carried)
        return
    console().print(
        f"Wrote {carried.file}: {carried.exemplars} exemplars of iteration {carried.iteration}",
        soft_wrap=True,
        markup=False,
    )
    for why, count in carried.left_out.items():
        console().print(f"Left out {count}: {why}", soft_wrap=True, markup=False)


@memory_app.command(name="import", epilog="Example: burnish memory import runs/second contacts.jsonl")
def import_memory(
    run: RunArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `burnish memory export` or `burnish serve --learn` wrote.")
    ],
    *,
    because: Because = "",
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Take in exemplars of another run, or feedback on served answers: this run's environment judges each, its policy
    admits or refuses it.
    """
    from burnish.agent.cli.terminal import print_json, print_rows
    from burnish.agent.record.feedback_file import is_feedback
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.carrying import import_memory as take_in

    if is_feedback(file):
        _take_feedback(run, file, because, who, as_json=as_json)
        return
    done = take_in(open_run(run), file, because=because, who=who)
    if as_json:
        print_json(done)
        return
    _print(done.steered, as_json=False)
    if done.refused:
        say(f"{len(done.refused)} of {done.exemplars} were refused:")
        print_rows(("id", "why"), done.refused)


def _take_feedback(run: Path, file: Path, because: str, who: str | None, *, as_json: bool) -> None:
    from burnish.agent.cli.terminal import print_json, print_rows
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.feedback import take_feedback

    done = take_feedback(open_run(run), file, because=because, who=who)
    if as_json:
        print_json(done)
        return
    if done.steered:
        _print(done.steered, as_json=False)
    if done.before:
        say(f"Feedback on {done.before} of {done.answers} answers was taken in before.")
    if done.unfinished:
        say("The last line of the file is not finished yet, and is left for the next time.")
    if done.refused:
        say(f"{len(done.refused)} of {done.answers - done.before} answers were not learned:")
        print_rows(("answer", "why"), done.refused)


COMMANDS: Sequence[tuple[Callable[..., None], str]] = [
    (rollback, 'burnish rollback runs/first --to 3 --because "4 learned from bad tasks"'),
    (forget, 'burnish forget runs/first 3fa9 --because "a customer\'s name is in it"'),
    (pin, "burnish pin runs/first 3fa9"),
    (fork, "burnish fork runs/first --at 3 --dir runs/second"),
]
"""Each with an example."""
