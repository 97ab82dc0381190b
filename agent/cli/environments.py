"""The commands on environments: which there are, what one is like, whether it keeps its promises, a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from burnish.types import JsonValue

BROKEN = 4
"""Exit code of an environment that breaks a promise, or of which there was no time to look at all of them."""

env_app = typer.Typer(help="Environments: what poses tasks and judges answers.", no_args_is_help=True)

Spec = Annotated[str, typer.Argument(metavar="SPEC", help="A name, path.py:Class, or scheme:set.")]
Options = Annotated[list[str] | None, typer.Option("-o", metavar="key=value", help="Option of the environment.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@env_app.command(name="list", epilog="Example: burnish env list")
def env_list(*, as_json: Json = False) -> None:
    """List the environments; no plug-in is imported for this."""
    from burnish.agent.cli.environment_output import print_environments
    from burnish.environments.registry import listing

    print_environments(listing(), as_json=as_json)


@env_app.command(name="show", epilog="Example: burnish env show ./shop.py:Shop")
def env_show(
    spec: Spec,
    *,
    option: Options = None,
    seen: Annotated[
        bool, typer.Option("--as-model", help="Show the messages that a model gets, at first and with exemplars.")
    ] = False,
    grammars: Annotated[
        bool, typer.Option(help="Whether the model's server takes grammars, as the embedded one does.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Three tasks of an environment with the feedback on a right, an empty and a wrong answer; abilities; licence."""
    from burnish.agent.cli.environment_output import print_as_model, print_showing
    from burnish.environments.kit.showing import show

    if seen:
        from burnish.agent.inspecting.as_model import as_model

        print_as_model(as_model(spec, _options(option), grammars=grammars), as_json=as_json)
        return
    print_showing(show(spec, _options(option)), as_json=as_json)


@env_app.command(name="check", epilog="Example: burnish env check ./shop.py:Shop")
def env_check(
    spec: Spec,
    *,
    option: Options = None,
    only: Annotated[list[str] | None, typer.Option(metavar="PROMISE", help="Test only this promise.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Most seconds for one call.")] = 20.0,
    seconds: Annotated[float, typer.Option(min=1.0, help="Most seconds for everything.")] = 300.0,
    as_json: Json = False,
) -> None:
    """Whether an environment keeps its promises, each broken one with its smallest example. Exits with 4 if one is,
    or if time was over before all were looked at.
    """
    from burnish.agent.cli.environment_output import FindingLines, print_conformance
    from burnish.environments.kit.conformance import check
    from burnish.environments.kit.findings import Limits

    with FindingLines(quiet=as_json) as lines:
        limits = Limits(timeout=timeout, seconds=seconds)
        conformance = check(spec, _options(option), limits=limits, only=only or (), told=lines.tell)
    print_conformance(conformance, as_json=as_json)
    if conformance.broken or not conformance.complete:
        raise typer.Exit(BROKEN)


@env_app.command(name="new", epilog="Example: burnish env new word-sums")
def env_new(
    folder: Annotated[Path, typer.Argument(metavar="NAME", help="Name of the environment, and of its new folder.")],
) -> None:
    """Write a working package for an environment of your own, with tests that run the conformance kit."""
    from burnish.agent.cli.environment_output import print_new
    from burnish.environments.kit.writing import write_package

    print_new(folder, write_package(folder))


def _options(given: list[str] | None) -> dict[str, JsonValue]:
    from burnish.tables import apply_overrides

    options = apply_overrides({}, given or [])
    as_for_a_run = options.pop("environment_options", {})
    return {**options, **(as_for_a_run if isinstance(as_for_a_run, dict) else {})}
