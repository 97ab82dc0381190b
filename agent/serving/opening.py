"""Opening a run to be served: its programs, memory in RAM and the task model. Nothing in its folder is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from burnish.agent.judges.process_reward import ProcessRewardModel
from burnish.agent.models.embedded import brief_spins
from burnish.agent.models.lora_adapters import adapters_of
from burnish.agent.models.opening import adapter_servers, open_clients
from burnish.agent.record.memory import open_meaning, whole_memory
from burnish.agent.record.run import Run, environment_of
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.answering import Answering
from burnish.agent.rollouts.episode_values import Valuer
from burnish.agent.rollouts.retriever import Retriever
from burnish.agent.serving.programs import Offered, offered
from burnish.agent.serving.recalling import Recalling
from burnish.agent.serving.sending import Exchange, Sender
from burnish.agent.serving.service import Service
from burnish.config import RunConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.memory.journal_reader import JournalReader
from burnish.memory.store import Memory
from burnish.protocols import Environment
from burnish.records import SEALED
from burnish.types import Attempt

EMBEDDING_THREADS = 1
"""More of them wait for each other as soon as something else wants a core, and take many times as long."""
ARMS = ("champion", "seed")
"""Those of the sealed test that programs of a run answer as they are."""


@asynccontextmanager
async def open_service(
    run: Run, at: int | None = None, *, at_once: int | None = None, environment: Environment | None = None
) -> AsyncIterator[Service]:
    """The programs of a run, ready to answer; closed in order however it ends. `at` says which iteration's champion is
    `champion`; `at_once` how many requests the model server is sent at a time, by default as many as the run sent; the
    embedded model takes four. A run on an object in Python needs such an `environment`.

    Raises:
        ConfigError: there is no such iteration, the environment was an object in Python, or a key is not set.
        PluginError, ModelError, StorageError: environment, model or run cannot be used.

    """
    async with AsyncExitStack() as stack:
        config = _at_once(run.config, at_once)
        journal = stack.enter_context(run.journal())
        programs = offered(run, journal, at)
        guarded = GuardedEnvironment(environment or environment_of(run), timeout=config.environment_timeout)
        servers = adapter_servers(config, adapters_of(run.place, config), stack)
        client = (await open_clients(config, servers.url if servers else None, stack, roles=("task",)))["task"]
        meaning = open_meaning(run.place, config, read_only=True, threads=EMBEDDING_THREADS)
        with brief_spins():
            memory = await asyncio.to_thread(whole_memory, config, journal, meaning)
            recalling = Recalling(memory, Retriever(memory, Valuer(journal).at), sealed_texts(journal))
            stack.callback(recalling.close)
            await _warm(recalling, programs, memory)
        sender = Sender(client, client.config.concurrency)
        pick = ProcessRewardModel(journal, meaning).pick
        answering = Answering(Exchange(sender), guarded, 0, pick, AnswerForms(memory))
        yield Service(programs, recalling, answering, sender)


def _at_once(config: RunConfig, requests: int | None) -> RunConfig:
    """The configuration, with so many requests of the task model at a time."""
    if requests is None:
        return config
    task = config.models.task.model_copy(update={"concurrency": requests})
    return config.model_copy(update={"models": config.models.model_copy(update={"task": task})})


def sealed_attempts(journal: JournalReader, arm: str) -> list[Attempt]:
    """What an arm of the sealed test answered, in the order of the tasks; nothing before it was opened."""
    return [attempt for _, attempt, _ in journal.judged(f"sealed {arm}", SEALED)] if journal.sealed() else []


def sealed_texts(journal: JournalReader) -> list[str]:
    """What programs were asked in the sealed test: its tasks, or the turns of its episodes."""
    known = {attempt.id: attempt for arm in ARMS for attempt in sealed_attempts(journal, arm)}
    texts: dict[str, None] = {}
    for attempt in known.values():
        seen = [turn.observation for turn in attempt.turns] or [journal.task(attempt.task_id).prompt]
        texts.update(dict.fromkeys(seen))
    return list(texts)


async def _warm(recalling: Recalling, programs: Offered, memory: Memory) -> None:
    """Load the embedder before the first request, which would wait for it."""
    if memory.count(programs.champion.program.revision):
        await recalling.least(programs.champion.program)
        await asyncio.to_thread(memory.embedder.embed, [""])
