"""`burnish ui`: runs as pages in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def ui(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of runs.")],
    *,
    port: Annotated[int | None, typer.Option(help="By default the first free one from 8321 on; 0 for any.")] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
) -> None:
    """Look into runs in a browser, also while they are at work: pages on this machine, behind a link that works once."""
    from burnish.agent.cli.terminal import console
    from burnish.agent.pages.server import serve
    from burnish.agent.pages.shelf import Shelf

    def tell(link: str) -> None:
        console().print(f"Open {link}", soft_wrap=True, highlight=False)

    shelf = Shelf.of(runs)
    console().print("The link works once. Ctrl-C ends.")
    serve(shelf, port=port, browse=browse, tell=tell)
