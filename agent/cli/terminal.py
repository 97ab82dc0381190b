"""The terminal, as all commands write to it."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Self

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.table import Table

from burnish.agent.cli.plain import print_plain, say
from burnish.printing import harmless
from burnish.types import JsonValue, Record

UNWRAPPED = 10_000
"""Columns of what is no terminal: whoever reads it breaks lines themselves."""


class Screen(Console):
    """A console that shows control characters instead of sending them to the terminal, see `burnish.printing`."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of what is printed; those of rich itself that control the terminal stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)


def console(*, stderr: bool = False) -> Console:
    """Where a command prints; nothing in a text is coloured unasked, and only a terminal breaks lines."""
    screen = Screen(stderr=stderr, highlight=False)
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = UNWRAPPED
    return screen


def print_json(value: Record | Iterable[Record | Mapping[str, JsonValue]]) -> None:
    """A record, or several, as JSON for machines."""
    several = [] if isinstance(value, Record) else [v.to_json() if isinstance(v, Record) else {**v} for v in value]
    plain = value.to_json() if isinstance(value, Record) else several
    print_plain(plain)


def table(title: str) -> Table:
    """A table without lines, its title to the left."""
    return Table(title=title or None, title_justify="left", box=None, pad_edge=False, title_style="bold")


MOST_IN_COLUMN = 60
"""Characters of a column that `print_rows` shows."""


def print_rows(
    names: Sequence[str], rows: Sequence[Sequence[str]], *, uncut: Sequence[str] = (), whole: bool = False
) -> None:
    """Many rows, a line each, whatever lines their texts have. On a terminal the last two columns that may be cut share
    the room that is left; those named `uncut` are not cut, and with `whole` none is. Thousands of rows take no time, as
    they would in a `table`.
    """
    rows = [[_on_one_line(text) for text in row] for row in rows]
    widest = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    kept = [whole or name in uncut for name in names]
    wide = [most if keep else min(MOST_IN_COLUMN, most) for most, keep in zip(widest, kept, strict=True)]
    cut = [place for place, keep in enumerate(kept) if not keep][-2:]
    if sys.stdout.isatty() and len(cut) == 2:
        first, last = cut
        room = console().width - sum(wide) + wide[first] + wide[last] - 2 * (len(wide) - 1)
        wide[first] = min(wide[first], max(room // 2, room - wide[last], MOST_IN_COLUMN // 4))
        wide[last] = min(wide[last], max(room - wide[first], MOST_IN_COLUMN // 4))
    for row in (names, *rows):
        say("  ".join(_cell(text, width) for text, width in zip(row, wide, strict=True)).rstrip())


def _on_one_line(text: str) -> str:
    """A text without ends of lines; what it is indented by stays."""
    return text if text.splitlines() in ([], [text]) else one_line(text)


def one_line(text: str) -> str:
    """A text with its lines put together."""
    return " ".join(text.split())


def print_signed(lines: Iterable[tuple[str, str, str]]) -> None:
    """Lines of (sign, id, text) that begin with + or -, in green and red where there are colours; many take no time."""
    screen = console()
    coloured = screen.is_terminal and not screen.no_color
    for sign, id_, text in lines:
        colour = ("\x1b[32m" if sign == "+" else "\x1b[31m") if coloured else ""
        print(f"{colour}{sign} {harmless(id_)}{colour and chr(27) + '[0m'} {harmless(text)}")


def _cell(text: str, width: int) -> str:
    """The text in so many cells, cut or filled up."""
    whole = cell_len(text)
    return f"{set_cell_size(text, width - 1)}…" if whole > width else text + " " * (width - whole)


@contextmanager
def embedding() -> Iterator[None]:
    """Says on a terminal that texts are embedded meanwhile, which takes some seconds the first time."""
    watched = sys.stderr.isatty()
    if watched:
        print("embedding texts ...", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if watched:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def paged() -> Iterator[None]:
    """On a terminal, what is printed within goes through a pager: `PAGER`, or `less`, which ends at once where all of
    it fits the screen. Elsewhere, or where there is none, it is printed as ever.
    """
    pager = shlex.split(os.environ.get("PAGER", "less"))
    if not pager or not sys.stdout.isatty() or shutil.which(pager[0]) is None:
        yield
        return
    process = subprocess.Popen(pager, stdin=subprocess.PIPE, env={"LESS": "FRX", **os.environ})  # noqa: S603
    assert process.stdin is not None
    screen, sys.stdout = sys.stdout, _ToPager(process.stdin, encoding="utf-8", errors="replace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has seen enough
        pass
    finally:
        pipe, sys.stdout = sys.stdout, screen
        with suppress(BrokenPipeError):
            pipe.close()
        process.wait()


class _ToPager(io.TextIOWrapper):
    """The way to a pager, which passes colours on to the terminal."""

    def isatty(self) -> bool:
        return True


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
