"""The loop: one run of the graph an iteration, budgets and stops between, the sealed test at the end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from burnish.agent.loop.affording import (
    affordable_controls,
    affordable_sealed_tasks,
    afforded,
    hold_back,
    is_opened,
    refuse_too_little,
    what_costs,
    worst_call,
)
from burnish.agent.loop.by_hand import end_chain, make_changes
from burnish.agent.loop.costs import costs
from burnish.agent.loop.graph import build_graph
from burnish.agent.loop.open_session import Opened, open_session
from burnish.agent.loop.preflight import (
    PREFLIGHT,
    broken_promises,
    check_form,
    refuse_without_effect,
    scarce_splits,
    teacher_terms,
)
from burnish.agent.loop.proofs import prove
from burnish.agent.loop.sealed_test import open_sealed
from burnish.agent.loop.session import Session
from burnish.agent.models.ledger import Amount
from burnish.agent.operators.reflection import probe
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.report import finished
from burnish.agent.record.run import Notify
from burnish.agent.record.seeds import secret_of
from burnish.config import RunConfig
from burnish.errors import BudgetExhausted, BudgetTooSmall
from burnish.memory.links import link
from burnish.protocols import Environment

PROBE_CALLS = 3
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals by which a run is asked to stop."""


async def improve(directory: RunDirectory, config: RunConfig, environment: Environment, notify: Notify) -> None:
    """Run or go on with a run until a stop, then open the sealed test. The caller holds the lock.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; what was in flight is kept.
        BudgetTooSmall: before anything is spent.
        BudgetExhausted: the budget ended within the sealed test.
        ModelError, StorageError, PluginError: see `burnish.errors`.

    """
    async with open_session(directory, config, environment, notify) as opened:
        journal = opened.journal
        if not finished(config, journal):
            with stopping_on_signals(opened.session):
                await to_the_end(opened, partial(secret_of, directory, config, journal))
        await end_chain(directory, journal)
        await make_changes(opened, after_sealed=True)


async def to_the_end(opened: Opened, secret: Callable[[], str] | None, *, until: int | None = None) -> None:
    """Iterate until a stop, then open the sealed test, and prove what is to be proved. Without a `secret` the sealed
    test stays closed; at iteration `until` it is broken off.
    """
    session, journal = opened.session, opened.journal
    stopped = journal.meta("stopped")
    if not isinstance(stopped, str) or not is_opened(opened):
        await _announce(opened)
        stopped = await _iterate(opened, until)
        if stopped is None:
            return
        journal.set_meta(stopped=stopped)
    session.notify("stopped", {"reason": stopped})
    if secret is None:
        return
    opened.ledger.hold(Amount())
    await open_sealed(
        session,
        opened.environment,
        seed_program=opened.seed_program,
        secret=secret(),
        most_tasks=await affordable_sealed_tasks(opened),
        most_controls=await affordable_controls(opened),
        collapsed=session.past.records[-1].action == "stop",
    )
    journal.set_meta(proofs=[proof.to_json() for proof in await prove(opened)])


async def _announce(opened: Opened) -> None:
    """Say what the budget buys, refuse one that buys nothing, and probe the reflector."""
    session, config = opened.session, opened.session.config
    refuse_without_effect(config, opened.environment)
    cost = costs(config, session)
    plan = session.policies.budget.plan(config.budget.calls, config.budget.iterations, cost)
    least = plan.least_calls + (PROBE_CALLS if "reflection" in config.operators else 0)
    if config.budget.calls is not None and config.budget.calls < least:
        raise BudgetTooSmall(
            f"{config.budget.calls} calls do not buy one iteration and the sealed test; give at least {least}, or "
            f"lower {what_costs(session)}"
        )
    await hold_back(opened, cost.sealed)
    if opened.ledger.spent.calls == 0:
        refuse_too_little(opened, await worst_call(opened), cost)
        if session.forming:
            await check_form(opened.environment)
        scarce = await scarce_splits(opened.environment)
        if scarce:
            session.notify("scarce", {"splits": scarce})
        broken, faults = await broken_promises(opened.environment)
        if broken:
            opened.journal.set_meta(broken=list(broken))
            await opened.journal.add_meta(PREFLIGHT, faults)
            session.notify("broken", {"promises": broken})
    done = len(session.past.records) - 1
    if done:
        left = None if config.budget.calls is None else config.budget.calls - opened.ledger.spent.calls
        plan = session.policies.budget.plan(left, config.budget.iterations - done, cost)
    seconds = None if config.budget.seconds is None else config.budget.seconds - opened.ledger.seconds
    facts = {
        "iterations": plan.iterations,
        "each": cost.each,
        "learning": plan.learning,
        "sealed_calls": cost.sealed,
        "done": done,
        "spent": opened.ledger.spent.calls,
        "calls": opened.ledger.spent.calls + plan.calls,
        "seconds_left": seconds,
    }
    session.notify("plan", facts)
    if terms := teacher_terms(config):
        session.notify("teacher", terms)
    if "reflection" in config.operators:
        session.begin(0)
        unable = await probe(session.iteration.ask_reflector)
        session.reflector_able = not unable
        session.notify("probe", {"reflection": not unable, "reason": unable})


async def _iterate(opened: Opened, until: int | None) -> str | None:
    """Iterate until something says stop; returns what, None where it was iteration `until`."""
    session, config = opened.session, opened.session.config
    graph = build_graph(config)
    while True:
        await make_changes(opened)
        last, number = session.past.records[-1], session.past.newest + 1
        if number - 1 == until:
            return None
        if last.action == "stop":
            return "the guard: diversity collapsed"
        if len(session.past.records) > config.budget.iterations:
            most = config.budget.iterations
            return "the one iteration done" if most == 1 else f"all {most} iterations done"
        reason = session.policies.stopping.reason(session.past.records)
        if reason is not None:
            return reason
        if not await _begin(opened, number):
            return "the budget buys no further iteration"
        session.notify("begin", {"iteration": number})
        try:
            async for update in graph.astream({"iteration": number}, context=session, stream_mode="updates"):
                for node, counts in update.items():
                    session.notify("node", {"node": node, **counts})
            await link(session.journal)
        except BudgetExhausted as error:
            return f"the budget ended within iteration {number}: {error}"


async def _begin(opened: Opened, number: int) -> bool:
    """Begin iteration `number`; False when the budget does not afford it."""
    session = opened.session
    cost = costs(session.config, session)
    if (affordable := await afforded(opened, number, cost)) is None:
        return False
    pair = 2 * session.config.decoding.best_of * session.environment.calls_per_attempt
    session.begin(number, affordable=affordable, race_tasks=affordable * (cost.each + cost.search) / pair)
    return True


@contextmanager
def stopping_on_signals(session: Session) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and the end of the terminal stop new calls; a second one of them ends the process at once."""
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        session.caller.stop()
        session.notify("stopping", {"signal": signal.Signals(number).name})
        loop.remove_signal_handler(number)

    try:
        for number in STOPPING:
            loop.add_signal_handler(number, stop, number)
    except (ValueError, RuntimeError):  # not in the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)
