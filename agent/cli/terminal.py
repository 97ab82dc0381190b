"""The terminal, as all commands write to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table

from burnish.types import JsonValue, Record


def console(*, stderr: bool = False) -> Console:
    """Where a command prints; nothing in a text is coloured unasked."""
    return Console(stderr=stderr, highlight=False)


def print_json(value: Record | Iterable[Record | Mapping[str, JsonValue]]) -> None:
    """A record, or several, as JSON for machines."""
    several = [] if isinstance(value, Record) else [v.to_json() if isinstance(v, Record) else {**v} for v in value]
    plain = value.to_json() if isinstance(value, Record) else several
    print(json.dumps(plain, indent=2, sort_keys=True))


def table(title: str) -> Table:
    """A table without lines, its title to the left."""
    return Table(title=title or None, title_justify="left", box=None, pad_edge=False, title_style="bold")


class MovingLines:
    """Lines one after another and, on a terminal, one below them that moves; nothing at all when `quiet`."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._quiet = quiet
        self._console = console
        self._live = Live(console=console, transient=True, refresh_per_second=4)

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    @property
    def moves(self) -> bool:
        """Whether there is a line that moves."""
        return self._live.is_started

    def print(self, line: str) -> None:
        """One more line, in rich's markup."""
        if not self._quiet:
            self._console.print(line, soft_wrap=True)

    def move(self, below: RenderableType) -> None:
        """What the moving line shows from now on."""
        if self.moves:
            self._live.update(below)
