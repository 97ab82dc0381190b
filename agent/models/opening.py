"""Opening the models of a run: a client for each role, and the servers of this process that they ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from burnish.agent.models.client import ChatClient
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.lora_adapters import AdapterServers
from burnish.config import ModelConfig, RunConfig

UNTOLD: dict[str, object] = {
    "api_key_env": "",
    "ca_file": "",
    "proxy": "",
    "headers": {},
    "query": {},
    "fallback": None,
}
"""Settings of a model that nobody is asked by."""

ROLES = ("task", "reflector", "judge", "teacher")

EMBEDDED_SLOTS = 4
"""Requests the embedded server works on at a time. More of them push shared prefixes out of its cache and bring
no speed on few cores."""


def adapter_servers(config: RunConfig, files: Mapping[str, Path], stack: AsyncExitStack) -> AdapterServers | None:
    """The servers of the task model with adapters, if it is the embedded one."""
    model = config.models.task
    if model.url != "embedded":
        return None
    servers = AdapterServers(model_file(model.file or None), files, slots=EMBEDDED_SLOTS)
    stack.callback(servers.stop_all)
    return servers


async def open_clients(
    config: RunConfig, adapted: Callable[[str], str] | None, stack: AsyncExitStack, roles: Sequence[str] = ROLES
) -> dict[str, ChatClient]:
    """A client for each role; roles with equal settings share one, and the embedded server runs once a file."""
    clients: dict[str, ChatClient] = {}
    servers: dict[str, EmbeddedServer] = {}
    by_role = {}
    for role in roles:
        model = getattr(config.models, role) or config.models.task
        settings = model.model_dump_json()
        if settings not in clients:
            clients[settings] = await _client(model, servers, adapted, stack)
            stack.push_async_callback(clients[settings].close)
        by_role[role] = clients[settings]
    return by_role


_SHARED: ContextVar[tuple[ExitStack, dict[str, EmbeddedServer]] | None] = ContextVar("shared servers", default=None)


@contextmanager
def sharing_servers() -> Iterator[None]:
    """Runs that begin within share the servers of embedded models, which end with it."""
    with ExitStack() as stack:
        token = _SHARED.set((stack, {}))
        try:
            yield
        finally:
            _SHARED.reset(token)


async def mute_clients(config: RunConfig, stack: AsyncExitStack) -> dict[str, ChatClient]:
    """Clients that know what each role is called, by which the journal knows what it answered, and ask nobody."""
    clients = {}
    for role in ROLES:
        model = getattr(config.models, role) or config.models.task
        clients[role] = ChatClient(model.model_copy(update=UNTOLD))
        stack.push_async_callback(clients[role].close)
    return clients


async def _client(
    model: ModelConfig,
    servers: dict[str, EmbeddedServer],
    adapted: Callable[[str], str] | None,
    stack: AsyncExitStack,
) -> ChatClient:
    if model.url != "embedded":
        return ChatClient(model, adapted=adapted)
    lasting, servers = _SHARED.get() or (stack, servers)
    if model.file not in servers:
        server = EmbeddedServer(model_file(model.file or None), slots=EMBEDDED_SLOTS)
        servers[model.file] = await asyncio.to_thread(lasting.enter_context, server)
    limited = model.model_copy(update={"concurrency": min(model.concurrency, EMBEDDED_SLOTS)})
    return ChatClient(limited, base_url=servers[model.file].base_url, adapted=adapted)
