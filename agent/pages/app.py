"""The pages as a web application: each address is a view of a run, and has a twin that ends in `.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from burnish.agent.inspecting.names import named
from burnish.agent.inspecting.opened import open_run
from burnish.agent.pages.changes import changed
from burnish.agent.pages.forms import read_form, whole_number
from burnish.agent.pages.links import Links, path_of
from burnish.agent.pages.page import Asked, Page, View
from burnish.agent.pages.rendering import rendered
from burnish.agent.pages.review import decided
from burnish.agent.pages.shelf import Shelf
from burnish.agent.pages.steer import change
from burnish.agent.pages.views import VIEWS
from burnish.errors import BurnishError, ConfigError, StorageError
from burnish.memory.journal_reader import JournalReader
from burnish.types import JsonValue, Record

DAMAGED = (ValueError, KeyError)
"""What reading a record raises that is none: pydantic's and JSON's errors are of these."""
STATIC = Path(__file__).parent / "static"


def make_app(shelf: Shelf) -> Starlette:
    """The application that shows the runs of a shelf. Everything is read anew for each request; what is written are
    decisions of people and changes by hand.
    """
    site = Site(shelf)
    return Starlette(
        routes=[
            Route("/", site.home),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/runs/{run}/", site.first),
            Route("/runs/{run}/find", site.found),
            Route("/runs/{run}/live", site.live),
            Route("/runs/{run}/review", site.reviewed, methods=["POST"]),
            Route("/runs/{run}/steer", site.steered, methods=["POST"]),
            *(
                Route(f"/runs/{{run}}/{path}{ending}", partial(site.shown, view, as_json=bool(ending)))
                for path, view in VIEWS.items()
                for ending in (".json", "")
            ),
        ],
        exception_handlers={HTTPException: _not_found},
    )


@dataclass(frozen=True)
class Site:
    """The handlers of requests, over the runs of a shelf."""

    shelf: Shelf

    def home(self, _request: Request) -> Response:
        """The runs, or the one there is."""
        if len(self.shelf.runs) == 1:
            return RedirectResponse(Links.served(next(iter(self.shelf.runs))).to("overview"))
        lines = [_line(name, self.shelf) for name in self.shelf.runs]
        return _html(rendered("runs.html", runs=lines, links=Links.served("")))

    def first(self, _request: Request) -> Response:
        """The first page of a run."""
        return RedirectResponse("overview")

    def found(self, request: Request) -> Response:
        """Leads to the page of an id, or of its beginning."""
        name = request.path_params["run"]
        try:
            with open_run(self.shelf[name]).journal() as journal:
                there = named(journal, request.query_params.get("id", ""))
        except BurnishError as error:
            return self._problem(name, error)
        return RedirectResponse(Links.served(name).to(*path_of(there.kind, there.id)), 303)

    def live(self, request: Request) -> Response:
        """The stream of what changes."""
        name = request.path_params["run"]
        try:
            return changed(open_run(self.shelf[name]), request)
        except BurnishError as error:
            return self._problem(name, error, as_json=True)

    def shown(self, view: View, request: Request, *, as_json: bool) -> Response:
        """A page, or its twin."""
        name = request.path_params["run"]
        try:
            asked = _asked(self.shelf, name, request)
            page = view(asked)
            if as_json:
                return _json(page.told)
            links = Links.served(name, None if asked.follows else asked.at)
            return _html(shown(asked, page, links, self.shelf))
        except BurnishError as error:
            return self._problem(name, error, as_json=as_json)
        except DAMAGED as error:
            return self._problem(name, damaged(error), as_json=as_json)

    async def reviewed(self, request: Request) -> Response:
        """Take what a person said to a question, and lead to the next one."""
        name = request.path_params["run"]
        try:
            await run_in_threadpool(decided, open_run(self.shelf[name]), await read_form(request))
        except BurnishError as error:
            return self._problem(name, error, status=409)
        return RedirectResponse(Links.served(name).to("review"), 303)

    async def steered(self, request: Request) -> Response:
        """Make a change by hand, and say what came of it."""
        name = request.path_params["run"]
        try:
            told = await run_in_threadpool(change, open_run(self.shelf[name]), await read_form(request))
        except BurnishError as error:
            return self._problem(name, error, status=409)
        return _html(rendered("steered.html", told=told, name=name, links=Links.served(name)))

    def _problem(self, name: str, error: BurnishError, *, as_json: bool = False, status: int | None = None) -> Response:
        """What is wrong, in a sentence; the rest of the run can be looked at still."""
        status = status or (404 if isinstance(error, ConfigError) else 503)
        if as_json:
            return _json({"error": str(error)}, status)
        known = name in self.shelf.runs
        text = rendered("problem.html", sentence=str(error), name=name if known else "", links=Links.served(name))
        return _html(text, status)


def shown(asked: Asked, page: Page, links: Links, shelf: Shelf) -> str:
    """A page as HTML."""
    return rendered(
        page.template,
        asked=asked,
        title=page.title,
        told=page.told,
        links=links,
        runs=list(shelf.runs),
        status=asked.run.status(),
        **page.more,
    )


def _asked(shelf: Shelf, name: str, request: Request) -> Asked:
    run, path = open_run(shelf[name]), request.url.path.split("/", 3)[3]
    query = dict(request.query_params)
    with run.journal() as journal:
        newest = run.number(journal, None)
        text = query.get("at", "")
        at = finished_by(journal, whole_number(text, "at"), newest) if text else newest
    others = {other: open_run(path) for other, path in shelf.runs.items() if other == query.get("with")}
    return Asked(
        run=run,
        name=name,
        path=path,
        at=at,
        newest=newest,
        follows=not text,
        named=request.path_params.get("named", ""),
        query=query,
        others=others,
    )


def finished_by(journal: JournalReader, number: int, newest: int) -> int:
    """The last iteration that was finished until a number: one that broke off is none.

    Raises:
        ConfigError: the number is of no iteration.

    """
    if not 0 <= number <= newest:
        raise ConfigError(f"there is no iteration {number}; this run has 0 to {newest}")
    ((last,),) = journal.rows("SELECT MAX(number) FROM iterations WHERE number <= ?", (number,))
    return int(str(last))


def damaged(error: Exception) -> StorageError:
    """The same in a sentence."""
    said = " ".join(str(error).split())[:200]
    return StorageError(f"a record of the journal cannot be read ({said}); restore it from a copy")


def _line(name: str, shelf: Shelf) -> dict[str, Any]:
    """A run in the list of several: where it stands, or why it cannot be read."""
    try:
        return {"name": name, "status": open_run(shelf[name]).status(), "problem": ""}
    except (BurnishError, *DAMAGED) as error:
        said = error if isinstance(error, BurnishError) else damaged(error)
        return {"name": name, "status": None, "problem": str(said)}


def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    text = rendered("problem.html", sentence="There is no such page.", name="", links=Links.served(""))
    return _html(text, status)


def _html(text: str, status: int = 200) -> Response:
    return Response(text.encode("utf-8", "replace"), status, media_type="text/html; charset=utf-8")


def _json(told: object, status: int = 200) -> Response:
    return Response(json.dumps(plain(told), indent=1), status, media_type="application/json")


def plain(told: object) -> JsonValue:
    """Records, and what holds them, as JSON values."""
    if isinstance(told, Record):
        return told.to_json()
    if isinstance(told, Mapping):
        return {str(key): plain(value) for key, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [plain(one) for one in told]
    value: JsonValue = told  # type: ignore[assignment]  # what is left is a plain value
    return value
