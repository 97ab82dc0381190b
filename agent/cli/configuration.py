"""The command on the keys of a configuration."""

from __future__ import annotations

from typing import Annotated

import typer


def config(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="A key or a table, or the end of its name.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """What a key of the configuration means: type, limits, default and meaning; without KEY, those of all keys."""
    from burnish.agent.cli.key_output import print_tables
    from burnish.agent.loop.keys import look_up, run_tables

    print_tables(look_up(key) if key else run_tables(), as_json=as_json)
