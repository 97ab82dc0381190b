"""Options that set a declared key. Their help is what is declared of it, read only when help is shown: the declarations
import pydantic, and no command waits for that before it runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption

RUN = "burnish.config:RunConfig"
_MARK = "key "


def sets(key: str, *names: str, of: str = RUN, metavar: str | None = None) -> Any:
    """An option that sets a key of the table `of`, which is given as `module:Class`.

    Its limits and its default are left to the declaration: the option itself is None where it is not given.
    """
    return typer.Option(*names, metavar=metavar, help=f"{_MARK}{of} {key}")


class KeyedCommand(TyperCommand):
    """A command with options made by `sets`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        for option in self.params:
            if isinstance(option, TyperOption) and option.help and option.help.startswith(_MARK):
                of, key = option.help.removeprefix(_MARK).split()
                option.help = _help(of, key, flag=option.is_flag)
        super().format_help(ctx, formatter)


def _help(of: str, path: str, *, flag: bool) -> str:
    """The meaning of a key, its limits, and its default where no file may have set another one."""
    from rich.markup import escape

    from burnish.keys import tables

    module, _, name = of.partition(":")
    declared = tables(getattr(import_module(module), name))
    key = next(key for table in declared for key in table.keys if key.path == path)
    facts = [key.kind] if key.limits or " or " in key.type else []
    if of != RUN and key.default not in {"none", '""', "[]"}:
        facts.append(f"default {key.default}")
    return escape(f"{key.meaning} ({', '.join(facts)})" if facts and not flag else key.meaning)
