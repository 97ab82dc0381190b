"""What the command line prints of the keys of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from rich.markup import escape

from burnish.agent.cli.terminal import console, print_json
from burnish.keys import Table


def print_tables(tables: Sequence[Table], *, as_json: bool) -> None:
    """Each table with what it is, then its keys, a paragraph each."""
    if as_json:
        print_json(tables)
        return
    screen = console()
    for table in tables:
        heading = ", ".join(f"[{path}]" for path in table.paths if path) or "Top level"
        chosen = f'  name = "{table.choice}"' if table.choice else ""
        screen.print(f"[bold]{escape(heading)}[/]{escape(chosen)}", soft_wrap=True)
        for paragraph in table.meaning.split("\n\n"):
            screen.print(f"{_filled(paragraph, screen.width)}\n", soft_wrap=True, markup=False)
        for key in table.keys:
            facts = escape(f"{key.kind}, default {key.default}")
            screen.print(f"  [bold]{escape(key.path)}[/]  [dim]{facts}[/]", soft_wrap=True)
            screen.print(f"{_filled(key.meaning, screen.width, '      ')}\n", soft_wrap=True, markup=False)


def _filled(text: str, width: int, indent: str = "") -> str:
    return fill(" ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent)
