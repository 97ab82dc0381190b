"""The person's queue as a page: one question at a time, a key a decision, each in the journal at once."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from burnish.agent.inspecting.opened import InspectedRun, open_run
from burnish.agent.pages.links import Links
from burnish.agent.pages.page import Asked, Page
from burnish.agent.pages.shelf import Shelf
from burnish.agent.steering.person import user
from burnish.agent.steering.queue import ACTIONS, Queue, read_queue, say
from burnish.errors import BurnishError


def review(asked: Asked) -> Page:
    """The next question of the queue, and what was said last."""
    return Page("Review", "review.html", read_queue(asked.run), {"actions": ACTIONS, "who": user()})


async def decide(shelf: Shelf, name: str, body: bytes) -> Response:
    """Write down what a person said to a question, and lead to the next one."""
    said = {
        key: values[-1] for key, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
    }
    try:
        await run_in_threadpool(_say, open_run(shelf[name]), said)
    except BurnishError as error:
        return PlainTextResponse(str(error), 409)
    return RedirectResponse(Links.served(name).to("review"), 303)


def _say(run: InspectedRun, said: dict[str, str]) -> Queue:
    return say(
        run,
        said.get("question", ""),
        said.get("action", ""),
        who=said.get("who", ""),
        answer=said.get("answer", ""),
        rating=said.get("rating", ""),
    )
