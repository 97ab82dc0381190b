"""`burnish ui`: runs as pages in a browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer


def ui(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Directories of runs.")],
    *,
    port: Annotated[int | None, typer.Option(help="By default the first free one from 8321 on; 0 for any.")] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html|FOLDER",
            help="Write the pages of a run to one file, or of several to a folder with a list, and serve nothing.",
        ),
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
        console().print(f"Open {link} (it works once; Ctrl-C ends)", soft_wrap=True, highlight=False)
        if "SSH_CONNECTION" in os.environ:
            port = urlsplit(link).port
            said = f"Over ssh, first run `ssh -L {port}:127.0.0.1:{port} HOST` on the machine of your browser."
            console().print(said, soft_wrap=True, highlight=False)

    shelf = Shelf.of(runs)
    serve(shelf, port=port, browse=browse, tell=tell)


def _export(
    runs: list[Path], file: Path, texts: Literal["none", "exemplars", "all"], licence: str | None, terms: Path | None
) -> None:
    from burnish.agent.cli.terminal import console
    from burnish.agent.inspecting.opened import open_run
    from burnish.agent.pages.export_file import export_pages
    from burnish.agent.pages.export_folder import write_index
    from burnish.agent.pages.shelf import Shelf
    from burnish.errors import ConfigError
    from burnish.terms import TermsTable

    whole_folder = file.suffix != ".html"
    if len(runs) != 1 and not whole_folder:
        raise ConfigError("--export FILE.html writes one run; give a folder for several")
    table = TermsTable.load(terms)
    for name, run in Shelf.of(runs).runs.items():
        to = file / f"{name}.html" if whole_folder else file
        made = export_pages(open_run(run), to, texts=texts, licence=licence, terms=table)
        size = f"{made.size:,} bytes, {made.exemplars:,} exemplars, {made.pages:,} pages"
        console().print(f"{made.file}: {size}", soft_wrap=True, markup=False, highlight=False)
        for said in made.left_out:
            console().print(f"left out: {said}", soft_wrap=True, markup=False, highlight=False)
    if whole_folder:
        console().print(f"{write_index(file)} lists what lies there", soft_wrap=True, markup=False, highlight=False)
