"""Telling a browser that a run went on, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from burnish.agent.inspecting.opened import InspectedRun
from burnish.errors import BurnishError

LOOKING_SECONDS = 1.0
"""Between two looks at a run."""
QUIET = 15
"""Looks without news after which a line is sent all the same, by which a browser that left is noticed."""


def changed(run: InspectedRun, request: Request, ending: Callable[[], bool]) -> Response:
    """A stream with an event each time that a run looks otherwise: what it stands at, which pages then fetch anew.
    It is over soon after the server is `ending`, which would wait for it.
    """
    return StreamingResponse(_events(run, request, ending), media_type="text/event-stream")


async def _events(run: InspectedRun, request: Request, ending: Callable[[], bool]) -> AsyncIterator[str]:
    last, quiet = "", 0
    while not ending() and not await request.is_disconnected():
        now = await asyncio.to_thread(_state, run)
        quiet += 1
        if now != last:
            yield f"event: changed\ndata: {now}\n\n"
            last, quiet = now, 0
        elif quiet >= QUIET:
            yield ": still here\n\n"
            quiet = 0
        await asyncio.sleep(LOOKING_SECONDS)


def _state(run: InspectedRun) -> str:
    """What a page may look otherwise for, on one line."""
    try:
        status = run.status()
        with run.journal() as journal:
            ((calls, done),) = journal.rows("SELECT COUNT(*), SUM(state != 'intent') FROM calls")
            ((waited, decisions),) = journal.rows(
                "SELECT COALESCE(SUM(waited), 0), (SELECT COUNT(*) FROM decisions) FROM calls"
            )
    except BurnishError as error:
        return json.dumps({"problem": str(error)})
    return json.dumps(
        {
            "iteration": status.iteration.number,
            "verdict": status.verdict,
            "process": status.process,
            "calls": calls,
            "done": done,
            "waited": waited,
            "waiting": status.waiting,
            "decisions": decisions,
            "alarms": len(status.iteration.alarms),
        }
    )
