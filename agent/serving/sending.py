"""Requests on their way to the model: nothing is written down, and what fails is for the asker to try again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from burnish.agent.models.calls import Place
from burnish.agent.models.client import ChatClient, ChatRequest, TryFailed
from burnish.records import Completion


class Sender:
    """Sends as many requests at a time as `at_once`; others wait."""

    def __init__(self, client: ChatClient, at_once: int) -> None:
        self.at_once = at_once
        self.model = client.name
        self._client = client
        self._free = asyncio.Semaphore(at_once)

    async def send(self, request: ChatRequest) -> Completion:
        """One try.

        Raises:
            TryFailed, ModelError: from the client.

        """
        seconds = self._client.config.timeout_seconds
        async with self._free:
            try:
                async with asyncio.timeout(seconds):
                    return await self._client.send(request, timeout=seconds)
            except TimeoutError:
                raise TryFailed(f"{self._client.url} did not answer within {seconds:.0f} s", lost=True) from None


@dataclass(frozen=True)
class Exchange:
    """What is sent for one answer, in the order in which it is sent."""

    sender: Sender
    requests: list[ChatRequest] = field(default_factory=list)

    async def ask(self, role: str, request: ChatRequest, place: Place) -> Completion:  # noqa: ARG002 (of `Asking`)
        """Send it and remember it; see `Sender.send`."""
        self.requests.append(request)
        return await self.sender.send(request)
