"""The commands that keep a process at work on a run, or watch one: run, resume, watch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from burnish.agent.cli.key_options import KeyedCommand, sets

UNSAFE_EXEC = """Where no sandbox holds, run the model's code without one: it may then read, change and send away
every file of yours, reach the network, and leave programs running."""

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
BudgetCalls = Annotated[int | None, sets("budget.calls")]
BudgetTokens = Annotated[int | None, sets("budget.tokens")]
BudgetUsd = Annotated[float | None, sets("budget.usd")]
BudgetSeconds = Annotated[float | None, sets("budget.seconds")]
Iterations = Annotated[int | None, sets("budget.iterations")]
NotifyUrls = Annotated[
    list[str] | None,
    typer.Option(
        "--notify",
        metavar="URL",
        help="Tell an Apprise URL of the end, alarms, waits and stops; $NAME in it is read from the environment.",
    ),
]
OnEvent = Annotated[
    list[str] | None,
    typer.Option(
        "--on-event",
        metavar="COMMAND",
        help="Run a command on the end, alarms, waits and stops: BURNISH_EVENT and BURNISH_SAID say what, and its "
        "input has all of it as JSON.",
    ),
]


def run_command(
    config: Annotated[
        Path | None, typer.Argument(metavar="[CONFIG.toml]", help="Configuration file, or the name of a recipe.")
    ] = None,
    *,
    directory: Annotated[Path, typer.Option("--dir", help="New directory for the run.")],
    env: Annotated[str | None, sets("environment")] = None,
    model: Annotated[str | None, typer.Option(help=r"embedded, a GGUF file, or URL\[#name] of a server.")] = None,
    budget_calls: BudgetCalls = None,
    budget_tokens: BudgetTokens = None,
    budget_usd: BudgetUsd = None,
    budget_seconds: BudgetSeconds = None,
    iterations: Iterations = None,
    seed: Annotated[int | None, sets("seed")] = None,
    unsafe_exec: Annotated[bool, typer.Option("--unsafe-exec", help=UNSAFE_EXEC)] = False,
    option: Annotated[list[str] | None, typer.Option("-o", metavar="key.sub=value", help="Set any key.")] = None,
    notify: NotifyUrls = None,
    on_event: OnEvent = None,
    as_json: Json = False,
) -> None:
    """Start a run: improve on an environment until the budget ends, then open the sealed test. Given again for the same
    directory and settings, go on with the run.
    """
    from burnish.agent.api import run
    from burnish.agent.cli.announcing import announced
    from burnish.agent.cli.progress import Progress
    from burnish.agent.cli.report_output import print_report
    from burnish.agent.recipes.listing import configuration
    from burnish.agent.record.observing import Observers
    from burnish.config import RunConfig
    from burnish.tables import apply_overrides

    budget = _budget(budget_calls, budget_tokens, budget_usd, budget_seconds, iterations)
    given = [f"budget.{k}={v}" for k, v in budget.items()]
    given += [f"environment={json.dumps(env)}"] if env else []
    given += [f"seed={seed}"] if seed is not None else []
    given += _model(model) if model else []
    given += ["environment_options.unsafe=true"] if unsafe_exec else []
    given += option or []
    made = (
        RunConfig.load(configuration(config), given)
        if config
        else RunConfig.parse(apply_overrides({}, given), "command line")
    )
    with Progress(quiet=as_json) as progress, announced(directory, on_event or (), notify or ()) as announcer:
        observers = Observers(terminal=progress.notify, announcer=announcer)
        report = run(made, directory=directory, notify=observers, again=True)
        announcer("finished", {"verdict": report.verdict})
    print_report(report, directory, as_json=as_json)


def resume(
    run: RunArgument,
    *,
    budget_calls: BudgetCalls = None,
    budget_tokens: BudgetTokens = None,
    budget_usd: BudgetUsd = None,
    budget_seconds: BudgetSeconds = None,
    iterations: Iterations = None,
    notify: NotifyUrls = None,
    on_event: OnEvent = None,
    as_json: Json = False,
) -> None:
    """Continue a run that was stopped or killed; no answered call is sent again."""
    from burnish.agent.api import resume as resume_run
    from burnish.agent.cli.announcing import announced
    from burnish.agent.cli.progress import Progress
    from burnish.agent.cli.report_output import print_report
    from burnish.agent.record.observing import Observers

    budget = _budget(budget_calls, budget_tokens, budget_usd, budget_seconds, iterations)
    with Progress(quiet=as_json) as progress, announced(run, on_event or (), notify or ()) as announcer:
        report = resume_run(run, budget=budget, notify=Observers(terminal=progress.notify, announcer=announcer))
        announcer("finished", {"verdict": report.verdict})
    print_report(report, run, as_json=as_json)


def watch(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of runs.")],
    *,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False,
    as_json: Json = False,
) -> None:
    """Watch runs at work from any terminal, without touching them; Ctrl-C ends the watching."""
    from burnish.agent.cli.watching import watch_runs

    watch_runs(runs, every=every, once=once, as_json=as_json)


def _budget(
    calls: int | None, tokens: int | None, usd: float | None, seconds: float | None, iterations: int | None
) -> dict[str, int | float]:
    limits = {"calls": calls, "tokens": tokens, "usd": usd, "seconds": seconds, "iterations": iterations}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _model(text: str) -> list[str]:
    """The overrides that --model stands for."""
    if text.startswith(("http://", "https://")):
        url, _, name = text.partition("#")
        return [f"models.task.url={json.dumps(url)}", f"models.task.name={json.dumps(name)}"]
    if text == "embedded":
        return ['models.task.url="embedded"']
    return ['models.task.url="embedded"', f"models.task.file={json.dumps(text)}"]


def sweep_command(
    config: Annotated[
        Path | None, typer.Argument(metavar="[CONFIG.toml]", help="Configuration file, or the name of a recipe.")
    ] = None,
    *,
    directory: Annotated[Path, typer.Option("--dir", help="Folder in which every run has a folder of its own.")],
    env: Annotated[str | None, sets("environment")] = None,
    model: Annotated[str | None, typer.Option(help=r"embedded, a GGUF file, or URL\[#name] of a server.")] = None,
    seeds: Annotated[int, typer.Option(help="How many seeds each combination of settings has, from 0 on.")] = 3,
    budget_calls: BudgetCalls = None,
    budget_tokens: BudgetTokens = None,
    budget_usd: BudgetUsd = None,
    budget_seconds: BudgetSeconds = None,
    option: Annotated[
        list[str] | None,
        typer.Option("-o", metavar="key.sub=value", help=r"Set any key; with \[a, b] a run for each of the values."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Several runs that differ by seed and settings, one after another, with a table of what they came to. A limit of
    the budget is for all of them together. Given again, it goes on.
    """
    from burnish.agent.cli.progress import Progress
    from burnish.agent.cli.sweep_output import print_sweep, watched
    from burnish.agent.cli.sweeping import outcomes, sweep, variants
    from burnish.agent.recipes.listing import configuration
    from burnish.tables import apply_overrides, read_toml

    given = [f"environment={json.dumps(env)}"] if env else []
    given += _model(model) if model else []
    tables = read_toml(configuration(config), "the path of a run's TOML file") if config else {}
    shared = _budget(budget_calls, budget_tokens, budget_usd, budget_seconds, None)
    runs = variants(option or [], seeds)
    told = watched(runs, lambda: Progress(quiet=as_json), quiet=as_json)
    print_sweep(outcomes(sweep(apply_overrides(tables, given), runs, directory, shared=shared, watched=told)), as_json)


COMMANDS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        run_command,
        {
            "name": "run",
            "cls": KeyedCommand,
            "epilog": "Example: burnish run --env contacts --dir runs/first --budget-calls 800",
        },
    ),
    (resume, {"cls": KeyedCommand, "epilog": "Example: burnish resume runs/first"}),
    (
        sweep_command,
        {
            "name": "sweep",
            "epilog": "Example: burnish sweep --env dates --dir runs/k -o 'retrieval.k=[2, 4]' --seeds 5",
        },
    ),
    (watch, {"epilog": "Example: burnish watch runs/first runs/second"}),
)
"""Each with how it is told of."""
