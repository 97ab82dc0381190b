"""The command line. Each command is a few lines over `burnish.agent.api`; its output is in the files `*_output.py`.
Commands on environments are in `environments.py`, those on training data in `data.py`.

Nothing heavy is imported before it is used, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from burnish import __version__
from burnish.agent.cli import data as cli_data
from burnish.agent.cli import inspect, running, steer
from burnish.agent.cli import serve as cli_serve
from burnish.agent.cli.configuration import config
from burnish.agent.cli.environments import env_app
from burnish.agent.cli.key_options import KeyedCommand
from burnish.agent.cli.pages import ui
from burnish.agent.cli.plain import print_plain, say
from burnish.errors import BurnishError, ConfigError, Interrupted, StorageError

EXIT_CODES = """Exit codes: 0 done, 1 other error, 2 wrong configuration or usage, 3 stopped (resume continues),
4 environment, 5 model, 6 run directory, 7 budget, 8 verification failed."""

KEYBOARD_INTERRUPT = 130
"""What typer exits with on Ctrl-C."""

app = typer.Typer(
    name="burnish",
    help="Improve a language-model agent from what an environment verifies; promote only what a test proves.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(env_app, name="env")

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Order = Literal["born", "cell", "reward", "rating", "showings", "usefulness", "likeness"]


def _version(value: bool) -> None:
    if value:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show version.")] = False,
) -> None:
    _Settings.debug = debug


class _Settings:
    debug = False


for _command, _options_of in running.COMMANDS:
    app.command(**_options_of)(_command)


@app.command(epilog="Example: burnish status runs/first --json")
def status(run: RunArgument, *, as_json: Json = False) -> None:
    """The progress of a run, also while it is running."""
    from burnish.agent.cli.run_output import print_status
    from burnish.agent.record.run import open_run

    print_status(open_run(run).status(), run, as_json=as_json)


@app.command(epilog="Example: burnish report runs/first --plot curve.png")
def report(
    run: RunArgument,
    *,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw the curve (.png or .svg).")] = None,
    as_json: Json = False,
) -> None:
    """The report of a run: verdict, control arms, what was learned and what it cost."""
    from burnish.agent.cli.report_output import print_report
    from burnish.agent.record.run import open_run

    made = open_run(run).report()
    if plot is not None:
        from burnish.agent.record.plot import draw_curve

        draw_curve(made, plot)
        say(f"Drew {plot}", stderr=True)
    print_report(made, run, as_json=as_json)


@steer.memory_app.command(name=steer.LIST, epilog="Example: burnish memory runs/first --at 3")
@inspect.in_pages
def memory(
    run: RunArgument,
    *,
    at: Annotated[int | None, typer.Option(help="As of this iteration; by default the newest.")] = None,
    shown: Annotated[bool, typer.Option("--shown", "--champion", help="Only what the champion may show.")] = False,
    search: Annotated[str, typer.Option(help="Only those with this text in task or answer.")] = "",
    like: Annotated[str, typer.Option(metavar="ID|TEXT", help="The likest to an exemplar or a text first.")] = "",
    cell: Annotated[str, typer.Option(help="Only those of this kind of tasks.")] = "",
    sort: Annotated[
        Order | None,
        typer.Option(help="By default birth, or with --like likeness.", show_default=False),
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Those that had died by then, with the reason.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Most rows.")] = None,
    as_json: Json = False,
) -> None:
    """What is remembered as of any iteration, and what of it the champion may show."""
    from burnish.agent.cli.run_output import print_memory
    from burnish.agent.cli.terminal import embedding
    from burnish.agent.inspecting.listing import remembered, shown_count
    from burnish.agent.record.run import open_run

    opened = open_run(run)
    with embedding() if like else nullcontext():
        found = remembered(
            opened, at, search=search, like=like, cell=cell, champion=shown, order=sort, limit=limit, dead=dead
        )
    with opened.journal() as journal:
        number = opened.number(journal, at)
        known, may = journal.remembered(number), shown_count(journal, number)
    print_memory(found, known, may, dead=dead, by=sort or "", as_json=as_json)


@app.command(epilog="Example: burnish diff runs/first 0 3", rich_help_panel=inspect.PANEL)
@inspect.in_pages
def diff(
    run: RunArgument,
    a: Annotated[int, typer.Argument(metavar="A", help="Earlier iteration.")],
    b: Annotated[int, typer.Argument(metavar="B", help="Later iteration.")],
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="Name every exemplar that came or went, and print the prompt.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What changed in prompt, settings and memory between two iterations, and why."""
    from burnish.agent.cli.run_output import MOST_NAMED, print_difference
    from burnish.agent.record.diff import compare
    from burnish.agent.record.run import open_run

    most = None if whole or as_json else MOST_NAMED
    opened = open_run(run)
    print_difference(compare(opened, a, b, most=most), opened.program(b).prompt if whole else None, as_json=as_json)


@app.command(epilog="Example: burnish verify runs/first")
def verify(
    run: RunArgument,
    *,
    head: Annotated[
        str, typer.Option(metavar="HASH", help="What the run's report said of its chain of hashes when it was made.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Judge everything learned again and make the run again with the answers it got, without a model."""
    from burnish.agent.cli.run_output import print_verification
    from burnish.agent.record.run import open_run
    from burnish.agent.verification.verify import verify as verify_run

    result = verify_run(open_run(run), head=head)
    print_verification(result, as_json=as_json)
    if not result.holds:
        raise typer.Exit(8)


@app.command(epilog="Example: burnish graph examples/contacts.toml")
def graph(
    config: Annotated[
        Path | None, typer.Argument(metavar="[CONFIG.toml]", help="Configuration file, or the name of a recipe.")
    ] = None,
    *,
    option: Annotated[list[str] | None, typer.Option("-o", metavar="key.sub=value", help="Set any key.")] = None,
) -> None:
    """The graph of one iteration of a run, as a Mermaid diagram."""
    from burnish.agent.loop.graph import build_graph
    from burnish.agent.recipes.listing import configuration
    from burnish.config import RunConfig
    from burnish.tables import apply_overrides

    made = (
        RunConfig.load(configuration(config), option or [])
        if config
        else RunConfig.parse(apply_overrides({}, option or []), "command line")
    )
    say(build_graph(made).get_graph().draw_mermaid())


@app.command(epilog="Example: burnish doctor runs/first")
def doctor(
    run: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="Directory of a run.")] = None,
    *,
    mend: Annotated[bool, typer.Option("--repair", help="Mend the run's directory, after a copy of it.")] = False,
    as_json: Json = False,
) -> None:
    """Check versions, model file and servers, and for a run whether its index agrees with its journal."""
    from burnish.agent.cli.doctor import examine
    from burnish.agent.cli.run_output import print_checks

    if mend:
        if run is None:
            raise ConfigError("--repair mends a run; give its directory, as in `burnish doctor runs/first --repair`")
        from burnish.agent.record.repair import repair

        done = repair(run)
        if as_json:
            print_plain({"done": done})
            return
        for one in done or ["nothing is to be mended"]:
            say(f"{one[0].upper()}{one[1:]}.")
        return
    checks = examine(run)
    print_checks(checks, as_json=as_json)
    if not all(check.well for check in checks):
        raise typer.Exit(1)


app.command(cls=KeyedCommand, epilog="Example: burnish export runs/first --out data --format dpo")(cli_data.export)
app.command(cls=KeyedCommand, epilog="Example: burnish program runs/first --out contacts.toml")(cli_data.program)
app.command(cls=KeyedCommand, epilog="Example: burnish train runs/first --out adapter")(cli_data.train)
app.command(epilog="Example: burnish review runs/first")(cli_data.review)
app.command(epilog="Example: burnish terms Llama-3.1-8B-Instruct")(cli_data.terms)
app.command(epilog="Example: burnish recipes evol")(cli_data.recipes)
app.command(epilog="Example: burnish config sampling.tasks")(config)
app.command(epilog="Example: burnish ui runs/first", rich_help_panel=inspect.PANEL)(ui)
for _command, _example in cli_serve.COMMANDS:
    app.command(epilog=f"Example: {_example}")(_command)
for _command, _example in inspect.COMMANDS:
    app.command(
        epilog=f"Example: {_example}",
        rich_help_panel=inspect.PANEL,
        context_settings={"ignore_unknown_options": True},  # the keys of sealed calls begin with -1
    )(inspect.in_pages(_command))
app.add_typer(steer.memory_app, name="memory", rich_help_panel=inspect.PANEL)
for _command, _example in steer.COMMANDS:
    app.command(cls=KeyedCommand, epilog=f"Example: {_example}", rich_help_panel=steer.PANEL)(_command)


def main() -> NoReturn:
    """Run the command line; errors end in one sentence and their exit code."""
    from burnish.environments.closing import closing_what_is_loaded

    try:
        with closing_what_is_loaded():
            app()
    except BurnishError as error:
        if _Settings.debug:
            raise
        _end(error)
    except ValueError as error:
        if _Settings.debug or not _is_of_a_record(error):
            raise
        _end(StorageError(f"{str(error).partition(chr(10))[0]}: a record of the run is damaged; see `burnish doctor`"))
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:  # a name that is too long, a disk that is full
        if _Settings.debug:
            raise
        at = f" ({error.filename})" if error.filename else ""
        _end(StorageError(f"{error.strerror or error}{at}; mend it, then give the command again"))
    except SystemExit as ended:
        if ended.code == KEYBOARD_INTERRUPT:
            _end(
                Interrupted(
                    "ended at once; a run that had begun is kept, and `burnish resume` with its directory goes on"
                )
            )
        raise
    sys.exit(0)


def _is_of_a_record(error: ValueError) -> bool:
    """Whether a record that was read back is not as it was written; all else is looked at where it is read."""
    from pydantic import ValidationError

    return isinstance(error, ValidationError)


def _end(error: BurnishError) -> NoReturn:
    say(f"burnish: {error}", stderr=True)
    sys.exit(error.exit_code)
