"""The pages as a web application: each address is a view of a run, and has a twin that ends in `.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
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
from burnish.errors import BurnishError, ConfigError
from burnish.memory.journal_reader import JournalReader
from burnish.types import JsonValue, Record

DAMAGED = (ValueError, KeyError, TypeError)
"""What reading a record raises that is none: pydantic's and JSON's errors are of these."""
LIKE_AN_ID = re.compile(r"[0-9a-f]{6,}|.*/.*|(race|iteration)[ #:]*-?\d+")
STATIC = Path(__file__).parent / "static"


def make_app(shelf: Shelf, ending: Callable[[], bool] = lambda: False) -> Starlette:
    """The application that shows the runs of a shelf. Everything is read anew for each request; what is written are
    decisions of people and changes by hand. `ending` says whether the server is about to end.
    """
    site = Site(shelf, ending)
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
        exception_handlers={HTTPException: _not_found, **dict.fromkeys((BurnishError, *DAMAGED), site.problem)},
    )


@dataclass(frozen=True)
class Site:
    """The handlers of requests, over the runs of a shelf. What they raise becomes a page by `problem`."""

    shelf: Shelf
    ending: Callable[[], bool]

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
        """Leads to the page of an id, or of its beginning; other words to the exemplars that contain them."""
        name, sought = request.path_params["run"], request.query_params.get("id", "").strip()
        try:
            with open_run(self.shelf[name]).journal() as journal:
                there = named(journal, sought)
        except ConfigError:
            if not sought or LIKE_AN_ID.fullmatch(sought):
                raise
            return RedirectResponse(Links.served(name).to("memory", search=sought), 303)
        return RedirectResponse(Links.served(name).to(*path_of(there.kind, there.id)), 303)

    def live(self, request: Request) -> Response:
        """The stream of what changes."""
        return changed(open_run(self.shelf[request.path_params["run"]]), request, self.ending)

    def shown(self, view: View, request: Request, *, as_json: bool) -> Response:
        """A page, or its twin."""
        name = request.path_params["run"]
        asked = _asked(self.shelf, name, request)
        page = view(asked)
        if as_json:
            return _json(page.told)
        return _html(shown(asked, page, Links.served(name, None if asked.follows else asked.at), self.shelf))

    async def reviewed(self, request: Request) -> Response:
        """Take what a person said to a question, and lead to the next one."""
        name = request.path_params["run"]
        await run_in_threadpool(decided, open_run(self.shelf[name]), await read_form(request))
        return RedirectResponse(Links.served(name).to("review"), 303)

    async def steered(self, request: Request) -> Response:
        """Make a change by hand, and say what came of it."""
        name = request.path_params["run"]
        told = await run_in_threadpool(change, open_run(self.shelf[name]), await read_form(request))
        return _html(rendered("steered.html", told=told, name=name, links=Links.served(name)))

    def problem(self, request: Request, error: Exception) -> Response:
        """What is wrong, in a sentence; the rest of the run can be looked at still."""
        status = 409 if request.method == "POST" else 404 if isinstance(error, ConfigError) else 503
        sentence, name = _sentence(error), request.path_params.get("run", "")
        if request.url.path.endswith((".json", "/live")):
            return _json({"error": sentence}, status)
        known = name if name in self.shelf.runs else ""
        return _html(rendered("problem.html", sentence=sentence, name=known, links=Links.served(name)), status)


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
        scrubbed=page.scrubbed,
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


def _sentence(error: Exception) -> str:
    """What an error says; of a record that is none, where to get a whole one."""
    if isinstance(error, BurnishError):
        return str(error)
    return f"a record of the journal cannot be read ({' '.join(str(error).split())[:200]}); restore it from a copy"


def _line(name: str, shelf: Shelf) -> dict[str, Any]:
    """A run in the list of several: where it stands, or why it cannot be read."""
    try:
        return {"name": name, "status": open_run(shelf[name]).status(), "problem": ""}
    except (BurnishError, *DAMAGED) as error:
        return {"name": name, "status": None, "problem": _sentence(error)}


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
