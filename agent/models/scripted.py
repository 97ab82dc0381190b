"""A model without a model: an OpenAI-compatible server on a loopback port whose answers a function decides.

For tests, benchmarks and examples that need determinism or a known latency; never for claims of quality. It is a
real server over real sockets, so everything between the loop and a model is exercised.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Reply = Callable[[Mapping[str, Any]], "str | ScriptedReply"]


@dataclass(frozen=True)
class ScriptedReply:
    """An answer with all that a server may do to it. `hang_up` closes the connection instead of answering, `cut` after
    half of the answer; `late` are seconds that it takes beyond the server's latency.
    """

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    finish: str = "stop"
    top_logprobs: Mapping[str, float] | None = None
    usage: bool = True
    hang_up: bool = False
    cut: bool = False
    late: float = 0.0
    raw: bytes | None = None


class ScriptedServer:
    """Serves `reply(request body)` after `latency` seconds, any number of requests at a time.

    A context manager; runs in a thread of its own. `requests` counts what was asked.
    """

    def __init__(self, reply: Reply, *, latency: float = 0.0) -> None:
        self._reply = reply
        self._latency = latency
        self.requests = 0
        self.base_url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scripted model", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0
        )
        data = await reader.readexactly(length)
        if head.startswith("GET"):
            writer.write(_response(200, b'{"object":"list","data":[]}', {}))
            return True
        self.requests += 1
        if self._latency:
            await asyncio.sleep(self._latency)
        body = json.loads(data)
        made = self._reply(body)
        reply = made if isinstance(made, ScriptedReply) else ScriptedReply(made)
        if reply.late:
            await asyncio.sleep(reply.late)
        if reply.hang_up:
            return False
        whole = _response(reply.status, _payload(body, reply), reply.headers)
        writer.write(whole[: -len(whole) // 3] if reply.cut else whole)
        await writer.drain()
        return not reply.cut


def _payload(body: Mapping[str, Any], reply: ScriptedReply) -> bytes:
    if reply.raw is not None:
        return reply.raw
    if reply.status != 200:
        return json.dumps({"error": {"message": reply.text or "scripted failure"}}).encode()
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": reply.text},
        "finish_reason": reply.finish,
    }
    if reply.top_logprobs is not None and body.get("logprobs"):
        top = [{"token": t, "logprob": p} for t, p in reply.top_logprobs.items()]
        choice["logprobs"] = {"content": [{"token": top[0]["token"], "logprob": 0.0, "top_logprobs": top}]}
    answer: dict[str, Any] = {"object": "chat.completion", "model": "scripted", "choices": [choice]}
    if reply.usage:
        prompt = sum(len(m["content"].split()) for m in body["messages"])
        answer["usage"] = {"prompt_tokens": prompt, "completion_tokens": len(reply.text.split())}
    return json.dumps(answer).encode()


def _response(status: int, payload: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", "content-type: application/json", f"content-length: {len(payload)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload
