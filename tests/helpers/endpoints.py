"""An endpoint in a thread of this process, over a real socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from burnish.agent.record.run import open_run
from burnish.agent.serving.app import Endpoint
from burnish.agent.serving.door import open_door
from burnish.agent.serving.opening import open_service
from burnish.agent.serving.running import listening

Body = Mapping[str, Any]


@dataclass
class Served:
    """An endpoint at work, and a client of it."""

    url: str
    http: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, text: str, model: str = "champion", **settings: Any) -> httpx.Response:
        """The response to a text."""
        return self.chat({"model": model, "messages": [{"role": "user", "content": text}], **settings})

    def chat(self, body: object) -> httpx.Response:
        """The response to a body."""
        return self.http.post(f"{self.url}/chat/completions", json=body, headers=self.headers)

    def answer(self, text: str, model: str = "champion", **settings: Any) -> dict[str, Any]:
        """The completion of a text."""
        response = self.ask(text, model, **settings)
        assert response.status_code == 200, response.text
        made: dict[str, Any] = response.json()
        return made


@contextmanager
def serving(run: Path | None, *, host: str = "127.0.0.1", at: int | None = None, **settings: Any) -> Iterator[Served]:
    """A run behind an endpoint; without a run, one that is still opening."""
    endpoint = Endpoint(open_door(host, settings.pop("key_env", None)), **settings)
    bound = listening(host, 0)
    server = uvicorn.Server(uvicorn.Config(endpoint.app(), log_level="critical", lifespan="off", ws="none"))
    ready = threading.Event()
    failed: list[BaseException] = []

    async def work() -> None:
        async with AsyncExitStack() as stack:
            try:
                if run:
                    endpoint.service = await stack.enter_async_context(open_service(open_run(run), at, at_once=64))
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                ready.set()
            await server.serve(sockets=[bound])

    thread = threading.Thread(target=lambda: asyncio.run(work()), name="endpoint")
    thread.start()
    ready.wait()
    if failed:
        thread.join()
        raise failed[0]
    try:
        with httpx.Client(timeout=60, trust_env=False) as http:
            yield Served(f"http://127.0.0.1:{bound.getsockname()[1]}/v1", http)
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


def said(response: httpx.Response, status: int) -> dict[str, Any]:
    """The error that a request was answered with, whose message is a sentence or two."""
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].endswith(".") or status in (413, 502)
    assert "\n" not in error["message"]
    return error
