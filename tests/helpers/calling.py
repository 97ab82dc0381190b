"""Asking a model through the caller: the request, its place and its worst case, and what the books say after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.ledger import Amount
from burnish.agent.models.scripted import Reply, ScriptedReply
from burnish.types import Message

TEMPLATE = 4


def request(text: str = "2 + 2?", most: int = 10, *, temperature: float = 0.7) -> ChatRequest:
    return ChatRequest((Message("user", text),), max_tokens=most, temperature=temperature)


def worst(asked: ChatRequest) -> int:
    return len(asked.messages[0].content.encode()) + 2 * TEMPLATE + asked.max_tokens


def place(n: int = 0) -> Place:
    return Place("attempt", "t", n)


def in_turn(*replies: str | ScriptedReply) -> Reply:
    """A server that gives these replies one after another, and the last of them for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (another thread makes it true)
        await asyncio.sleep(0.002)


def agrees(caller: Caller) -> bool:
    """Whether the ledger and the journal say the same."""
    spent = caller._journal.spent()
    return caller.ledger.spent == Amount(spent.calls, spent.tokens, spent.usd)
