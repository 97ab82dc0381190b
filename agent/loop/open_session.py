"""Opening a run: from its directory and configuration to a session that is ready for the next iteration."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType

from burnish.agent.loop.iteration_zero import BEFORE_SEEDS, begin
from burnish.agent.loop.policies import choose_policies
from burnish.agent.loop.registry import choose_expanders, choose_operators, choose_principles
from burnish.agent.loop.session import Session
from burnish.agent.models.calls import Caller
from burnish.agent.models.ledger import Ledger
from burnish.agent.models.lora_adapters import adapter_file, adapter_id, adapters_of
from burnish.agent.models.opening import adapter_servers, mute_clients, open_clients
from burnish.agent.models.pauses import Pauses
from burnish.agent.models.rendering import told_of_tools
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.feedback_taken import asked_of
from burnish.agent.record.forked import not_shown
from burnish.agent.record.memory import SHARED, mended_memory, open_meaning
from burnish.agent.record.report import finished
from burnish.agent.record.run import Notify
from burnish.agent.training.rounds import Rounds
from burnish.config import BudgetConfig, RunConfig
from burnish.environments.boundary import GuardedEnvironment, LearningEnvironment
from burnish.errors import ConfigError
from burnish.memory.journal import Journal
from burnish.memory.shared_text import SharedText
from burnish.programs import Program, Prompt
from burnish.protocols import Environment, Tools
from burnish.types import Usage

LOOKED_AT = 64
"""Train tasks of which it is seen what they have in common."""


@dataclass(frozen=True)
class Opened:
    """A session, and what the loop needs beside it."""

    session: Session
    environment: GuardedEnvironment
    seed_program: Program
    ledger: Ledger
    journal: Journal


@asynccontextmanager
async def open_session(
    directory: RunDirectory,
    config: RunConfig,
    environment: Environment,
    notify: Notify,
    adapters: Mapping[str, Path] = MappingProxyType({}),
    *,
    adapted: Callable[[str], str] | None = None,
    replay_only: bool = False,
    guard: GuardedEnvironment | None = None,
) -> AsyncIterator[Opened]:
    """Everything a run needs, closed again in order however it ends. The caller holds the directory's lock.

    `adapters` are served beside those of the run; where the task model is not the embedded one, `adapted` says where it
    is served with an adapter. With `replay_only` no model is started, no key is read and no limit holds, see `Caller`.
    A `guard` stands in for that of the environment.
    """
    started = time.monotonic()  # loading models takes from the time budget too
    async with AsyncExitStack() as stack:
        journal = Journal.open(directory.journal)
        stack.callback(journal.close)
        meaning = open_meaning(directory, config)
        guarded = guard or GuardedEnvironment(environment, timeout=config.environment_timeout)
        guarded.asked |= asked_of(journal)
        await _look_at_tasks(journal, guarded)
        memory = mended_memory(directory, config, journal, meaning)
        stack.callback(memory.index.close)
        servers = None if replay_only else adapter_servers(config, adapters_of(directory, config) | {**adapters}, stack)
        adapted = servers.url if servers else adapted
        clients = await (mute_clients(config, stack) if replay_only else open_clients(config, adapted, stack))
        pauses = stack.enter_context(Pauses())
        ledger = Ledger(
            BudgetConfig(iterations=1) if replay_only else config.budget,
            spent=Usage() if replay_only else journal.spent(),
            seconds_before=_seconds(journal, "seconds"),
            seconds_apart=_seconds(journal, "seconds apart"),
            started=started,
            paused=lambda: pauses.seconds,
        )
        seed_program = make_seed_program(config, environment, dropped=not_shown(journal))
        caller = Caller(
            journal=journal,
            ledger=ledger,
            clients=clients,
            on_answer=lambda answered: notify("call", asdict(answered)),
            on_outage=lambda outage: notify("outage", outage.to_json()) if outage else notify("back", {}),
            on_adapted=lambda reason, change: notify("adapted", {"reason": reason, "change": change}),
            on_rejected=lambda role, reason: notify("rejected", {"role": role, "reason": reason}),
            replay_only=replay_only,
            fingerprint=config.fingerprint if replay_only else str(journal.meta("config") or ""),
        )
        rounds = None
        if config.train.every and (servers or replay_only):
            rounds = Rounds(directory, config, environment, journal, caller, servers, notify)
        session = Session(
            config=config,
            environment=LearningEnvironment(guarded),
            journal=journal,
            memory=memory,
            caller=caller,
            policies=choose_policies(config),
            operators=choose_operators(config),
            expanders=choose_expanders(config),
            principles=choose_principles(config),
            champion=seed_program,
            meaning=meaning,
            rounds=rounds,
            notify=notify,
        )
        await _catch_up(session, guarded, seed_program)
        _check_adapter(session, seed_program)
        opened = Opened(session, guarded, seed_program, ledger, journal)
        if finished(config, journal):  # a finished run takes no more time
            yield opened
            return
        heartbeat = asyncio.create_task(_keep_time(opened, directory))
        stack.callback(heartbeat.cancel)
        yield opened
        journal.set_meta(seconds=ledger.seconds)


async def _look_at_tasks(journal: Journal, environment: GuardedEnvironment) -> None:
    """Before the first iteration: what do tasks have in common?"""
    if journal.meta(SHARED) is None and not journal.iterations():
        tasks = await environment.draw("train", 0, LOOKED_AT)
        shared = SharedText.of(task.prompt for task in tasks)
        await journal.add_meta(SHARED, [*sorted(shared.digests)])


def make_seed_program(config: RunConfig, environment: Environment, *, dropped: Sequence[str] = ()) -> Program:
    """The program a run starts from: the configured prompt or the environment's instruction, and no exemplars; or that
    of the program file, with its exemplars but for those that are `dropped`.
    """
    sections = tuple(config.prompt.items()) or (("task", environment.instruction),)
    if isinstance(environment, Tools) and not config.prompt and not config.models.task.takes_grammars:
        sections = (*sections, ("tools", told_of_tools(environment.tools)))
    decoding = config.decoding
    if decoding.format == "auto":
        planned = isinstance(environment, Tools) and config.models.task.takes_grammars
        decoding = replace(decoding, format="plan" if planned else "text")
    given = config.models.task.adapter
    return Program(
        Prompt(sections),
        revision=0 if config.program else BEFORE_SEEDS,
        retrieval=config.retrieval,
        decoding=decoding,
        adapter=adapter_id(adapter_file(given)) if given else "",
        dropped=tuple(sorted(dropped)),
    )


async def _catch_up(session: Session, environment: GuardedEnvironment, seed_program: Program) -> None:
    """Fold in what is committed; in a new run, commit iteration 0."""
    records = session.journal.iterations()
    if not records:
        records = [await begin(session, environment, seed_program)]
    for record in records:
        session.commit(record)


def _check_adapter(session: Session, seed_program: Program) -> None:
    """See that the run goes on with the adapter it began with."""
    began = session.journal.program(session.past.records[0].champion_id).adapter
    if began != seed_program.adapter:
        raise ConfigError(
            f"models.task.adapter is not the adapter this run began with ({began or 'none'}); put that back, or start "
            "a new run"
        )


def _seconds(journal: Journal, name: str) -> float:
    value = journal.meta(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


async def _keep_time(opened: Opened, directory: RunDirectory) -> None:
    """Write down every second how long the run has taken, so that a crash forgets at most one, and look whether it is
    to stop.
    """
    journal, ledger, caller = opened.journal, opened.ledger, opened.session.caller
    apart = ledger.apart
    while True:
        await asyncio.sleep(1.0)
        await journal.add_meta("seconds", ledger.seconds)
        with suppress(OSError):  # a disk that is full stops no run by this
            directory.heartbeat.write_text(f"{os.getpid()} {time.time():.0f} {ledger.spent.calls}\n", encoding="ascii")
            if directory.stop_file.exists():
                directory.stop_file.unlink()
                caller.stop()
        if ledger.apart != apart:
            await journal.add_meta("seconds apart", apart := ledger.apart)
