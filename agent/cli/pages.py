"""`burnish ui`: runs as pages in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def ui(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of runs.")],
    *,
    port: Annotated[int | None, typer.Option(help="By default the first free one from 8321 on; 0 for any.")] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write the pages of a run to one file, and serve nothing.")
    ] = None,
    texts: Annotated[
        Literal["none", "exemplars", "all"], typer.Option(help="Whose words --export writes out.")
    ] = "exemplars",
    licence: Annotated[
        str | None,
        typer.Option(metavar="SPDX", help="Of the tasks, for --export; by default what their environment says."),
    ] = None,
    terms: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Terms of models of your own, for --export.")
    ] = None,
) -> None:
    """Look into runs in a browser, also while they are at work: pages on this machine, behind a link that works once.
    Or write a run to a file that opens anywhere, with nothing installed.
    """
    if export is not None:
        _export(runs, export, texts, licence, terms)
        return
    from burnish.agent.cli.terminal import console
    from burnish.agent.pages.server import serve
    from burnish.agent.pages.shelf import Shelf

    def tell(link: str) -> None:
        console().print(f"Open {link}", soft_wrap=True, highlight=False)

    shelf = Shelf.of(runs)
    console().print("The link works once. Ctrl-C ends.")
    serve(shelf, port=port, browse=browse, tell=tell)


def _export(
    runs: list[Path], file: Path, texts: Literal["none", "exemplars", "all"], licence: str | None, terms: Path | None
) -> None:
    from burnish.agent.cli.terminal import console
    from burnish.agent.inspecting.opened import open_run
    from burnish.agent.pages.export_file import export_pages
    from burnish.errors import ConfigError
    from burnish.terms import TermsTable

    if len(runs) != 1:
        raise ConfigError("--export writes one run to a file; name one")
    made = export_pages(open_run(runs[0]), file, texts=texts, licence=licence, terms=TermsTable.load(terms))
    console().print(
        f"{made.file}: {made.size:,} bytes, {made.exemplars:,} exemplars, {made.pages:,} pages", soft_wrap=True
    )
    for said in made.left_out:
        console().print(f"left out: {said}", soft_wrap=True, markup=False, highlight=False)
