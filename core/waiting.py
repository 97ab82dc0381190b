"""Waiting for coroutines from code that is none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, run to its end.

    Where a loop runs already, as in a notebook, it runs in a thread of its own, and KeyboardInterrupt cancels it.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _in_a_thread(work)


def _in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = Future()
    ended = threading.Event()

    async def told() -> T:
        task = asyncio.current_task()
        assert task is not None
        begun.set_result((asyncio.get_running_loop(), task))
        try:
            return await work
        finally:
            ended.set()

    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(asyncio.run, told()).result()
        except KeyboardInterrupt:
            loop, task = begun.result()
            loop.call_soon_threadsafe(task.cancel)
            ended.wait()  # the pool may not know its thread yet
            raise
