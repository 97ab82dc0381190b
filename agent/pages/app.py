"""The pages as a web application: each address is a view of a run, and has a twin that ends in `.json`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from burnish.agent.inspecting.names import named
from burnish.agent.inspecting.opened import open_run
from burnish.agent.pages.changes import changed
from burnish.agent.pages.links import Links, path_of
from burnish.agent.pages.page import Asked, Page, View
from burnish.agent.pages.rendering import rendered
from burnish.agent.pages.review import decide
from burnish.agent.pages.shelf import Shelf
from burnish.agent.pages.views import VIEWS
from burnish.errors import BurnishError, ConfigError
from burnish.types import JsonValue, Record

STATIC = Path(__file__).parent / "static"
Handler: TypeAlias = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]


def make_app(shelf: Shelf) -> Starlette:
    """The application that shows the runs of a shelf. Everything is read anew for each request, and nothing is written
    but decisions of people.
    """

    def home(request: Request) -> Response:
        if len(shelf.runs) == 1:
            return RedirectResponse(Links.served(next(iter(shelf.runs))).to("overview"))
        return _html(rendered("runs.html", runs=[_line(name, shelf) for name in shelf.runs], links=Links.served("")))

    def first(request: Request) -> Response:
        return RedirectResponse("overview")

    def found(request: Request) -> Response:
        """Leads to the page of an id, or of its beginning."""
        name = request.path_params["run"]
        try:
            with open_run(shelf[name]).journal() as journal:
                there = named(journal, request.query_params.get("id", ""))
        except BurnishError as error:
            return _problem(shelf, name, error, as_json=False)
        return RedirectResponse(Links.served(name).to(*path_of(there.kind, there.id)), 303)

    def live(request: Request) -> Response:
        return changed(shelf, request)

    async def decided(request: Request) -> Response:
        body = await request.body()
        return await decide(shelf, request.path_params["run"], body)

    views = [
        Route(f"/runs/{{run}}/{path}{ending}", _endpoint(shelf, view, as_json=bool(ending)))
        for path, view in VIEWS.items()
        for ending in (".json", "")
    ]
    return Starlette(
        routes=[
            Route("/", home),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/runs/{run}/", first),
            Route("/runs/{run}/find", found),
            Route("/runs/{run}/live", live),
            Route("/runs/{run}/review", decided, methods=["POST"]),
            *views,
        ],
        exception_handlers={HTTPException: _not_found},
    )


def _endpoint(shelf: Shelf, view: View, *, as_json: bool) -> Handler:
    def handle(request: Request) -> Response:
        name = request.path_params["run"]
        try:
            asked = _asked(shelf, name, request)
            page = view(asked)
        except BurnishError as error:
            return _problem(shelf, name, error, as_json=as_json)
        if as_json:
            return _json(page.told)
        return _html(shown(asked, page, Links.served(name, None if asked.follows else asked.at), shelf))

    return handle


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
        if text and not text.isdecimal():
            raise ConfigError(f"there is no iteration {text[:20]!r}; this run has 0 to {newest}")
        at = run.number(journal, int(text[:9])) if text else newest
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


def _line(name: str, shelf: Shelf) -> dict[str, Any]:
    """A run in the list of several: where it stands, or why it cannot be read."""
    try:
        return {"name": name, "status": open_run(shelf[name]).status(), "problem": ""}
    except BurnishError as error:
        return {"name": name, "status": None, "problem": str(error)}


def _problem(shelf: Shelf, name: str, error: BurnishError, *, as_json: bool) -> Response:
    """What is wrong, in a sentence; the rest of the run can be looked at still."""
    status = 404 if isinstance(error, ConfigError) else 503
    if as_json:
        return _json({"error": str(error)}, status)
    known = name in shelf.runs
    text = rendered("problem.html", sentence=str(error), name=name if known else "", links=Links.served(name))
    return _html(text, status)


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
