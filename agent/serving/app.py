"""The endpoint: from HTTP to the service and back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from burnish.agent.models.client import TryFailed
from burnish.agent.serving import replies
from burnish.agent.serving.door import Door
from burnish.agent.serving.feedback import Feedback
from burnish.agent.serving.refusals import SECONDS, SERVER, Refused, of_fault, of_model
from burnish.agent.serving.request_log import RequestLog
from burnish.agent.serving.requests import SystemMessages, read_query
from burnish.agent.serving.service import Service
from burnish.errors import BurnishError, ModelError
from burnish.types import JsonValue

MOST_BYTES = 2**20
"""Longest body of a request."""
JSON_TYPE = "application/json"


@dataclass
class Endpoint:
    """The routes of a server. `service` is None while the run is being opened."""

    door: Door
    system: SystemMessages = "refuse"
    log: RequestLog | None = None
    feedback: Feedback | None = None
    service: Service | None = None
    began: int = 0

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._guarded(self._chat), methods=["POST"]),
                *([Route("/v1/feedback", self._guarded(self._judged), methods=["POST"])] if self.feedback else []),
                Route("/v1/models", self._guarded(self._models)),
                Route("/v1/models/{name}", self._guarded(self._model)),
            ],
            exception_handlers={HTTPException: _http_error, Exception: _fault},
        )

    def _guarded(
        self, handler: Callable[[Request, Service], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The handler behind the door; what it refuses is answered as OpenAI does."""

        async def guarded(request: Request) -> Response:
            try:
                self.door.check(request.headers.get("host", ""), request.headers.get("authorization", ""))
                return await handler(request, self._ready())
            except Refused as refused:
                return _refusal(refused)
            except (ModelError, TryFailed) as error:
                return _refusal(of_model(error))
            except BurnishError as error:
                return _refusal(of_fault(error))
            except asyncio.CancelledError:  # so the server ends what still runs after its grace
                return _refusal(Refused("The server is ending; ask again later.", status=503, kind=SERVER))

        return guarded

    def _ready(self) -> Service:
        if self.service is None:
            raise Refused(
                "The run is still being opened; ask again in a few seconds.",
                status=503,
                kind=SERVER,
                headers={SECONDS: "2"},
            )
        return self.service

    async def _chat(self, request: Request, service: Service) -> Response:
        query = read_query(await _json(request), service.offered, episodic=service.episodic, system=self.system)
        answer = await service.answer(query.asked)
        if self.log:
            self.log.write(query.asked, answer)
        if self.feedback:
            self.feedback.remember(query.asked, answer)
        created = int(time.time())
        if query.stream:
            events = replies.chunks(answer, created, usage=query.usage)
            return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-cache"})
        return _reply(replies.completion(answer, created))

    async def _judged(self, request: Request, service: Service) -> Response:
        assert self.feedback
        record = self.feedback.take(await _json(request), service.answering.environment.name)
        return _reply({"object": "feedback", "id": record.answer, "reward": record.reward})

    async def _models(self, _request: Request, service: Service) -> Response:
        return _reply(replies.models(service.offered, self.began))

    async def _model(self, request: Request, service: Service) -> Response:
        served = service.offered.by_name.get(request.path_params["name"])
        if served is None:
            raise Refused("There is no such model; GET /v1/models lists them.", status=404, code="model_not_found")
        return _reply(replies.model(served, self.began))


async def _json(request: Request) -> object:
    """The body of a request."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        # a page in a browser cannot send this type to another server unasked
        raise Refused(f"The body must be JSON, with the header `content-type: {JSON_TYPE}`.", status=415)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refused(f"The body is longer than {MOST_BYTES} bytes; send less.", status=413)
    try:
        return json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise Refused(f"The body is no JSON: {error}.") from None


def _reply(body: JsonValue, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    """JSON in ASCII, which holds half characters too: a model may say some."""
    return Response(json.dumps(body), status, dict(headers), media_type=JSON_TYPE)


def _refusal(refused: Refused) -> Response:
    return _reply(refused.body(), refused.status, refused.headers)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {
        404: "There is no such path; there are POST /v1/chat/completions and GET /v1/models.",
        405: "This path takes another method: POST /v1/chat/completions, GET /v1/models.",
    }.get(error.status_code, error.detail)
    return _refusal(Refused(said, status=error.status_code))


async def _fault(_request: Request, _error: Exception) -> Response:
    return _refusal(Refused("This server failed; its terminal says how.", status=500, kind=SERVER))
