"""The loop: one run of the graph an iteration, budgets and stops between, the sealed test at the end."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from burnish.agent.loop.graph import build_graph
from burnish.agent.loop.open_session import Opened, open_session
from burnish.agent.loop.preflight import check_form, refuse_without_effect, scarce_splits, teacher_terms
from burnish.agent.loop.proofs import prove
from burnish.agent.loop.registry import choose_provers
from burnish.agent.loop.sealed_test import open_sealed
from burnish.agent.loop.session import Session
from burnish.agent.models.ledger import CLOSING_SECONDS, Amount
from burnish.agent.models.rendering import task_request
from burnish.agent.nodes.iteration import compares, proposes
from burnish.agent.operators.reflection import probe
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.report import finished
from burnish.agent.record.run import Notify
from burnish.config import RunConfig
from burnish.errors import BudgetExhausted, BudgetTooSmall
from burnish.policies.budget import Costs
from burnish.policies.constitution import REVISIONS
from burnish.policies.halving import calls, rungs
from burnish.protocols import Environment

PROBE_CALLS = 3


async def improve(directory: RunDirectory, config: RunConfig, environment: Environment, notify: Notify) -> None:
    """Run or go on with a run until a stop, then open the sealed test. The caller holds the lock.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; what was in flight is kept.
        BudgetTooSmall: before anything is spent.
        BudgetExhausted: the budget ended within the sealed test.
        ModelError, StorageError, PluginError: see `burnish.errors`.

    """
    async with open_session(directory, config, environment, notify) as opened:
        session, journal = opened.session, opened.journal
        if finished(config, journal):
            return
        with stopping_on_signals(session):
            stopped = journal.meta("stopped")
            if not isinstance(stopped, str):
                await _announce(opened)
                stopped = await _iterate(opened)
                journal.set_meta(stopped=stopped)
            notify("stopped", {"reason": stopped})
            opened.ledger.hold(Amount())
            await open_sealed(
                session,
                opened.environment,
                seed_program=opened.seed_program,
                most_tasks=await _affordable_tasks(opened),
                collapsed=session.past.records[-1].action == "stop",
            )
            journal.set_meta(proofs=[proof.to_json() for proof in await prove(opened)])


def costs(config: RunConfig, session: Session) -> Costs:
    """What the parts of this run cost in calls: at most, but for the search of plans, which is taken to cost as much as
    in the iteration before.
    """
    policies, sampling = session.policies, config.sampling
    tasks, samples = policies.curriculum.effort(sampling.tasks, sampling.samples, solved=session.past.solved)
    attempts = tasks * samples
    if session.sketching:  # the first iteration is all search
        searched = tasks * max(samples, sampling.sketches)
        attempts = max(attempts, session.past.records[-1].attempts or searched)
    drafts = len(session.expanders) * config.expanding.drafts
    attempts += drafts * config.expanding.samples
    compared = 0
    if compares(config):
        compared = policies.rewriting.trial_tasks * proposes(config)
        compared += policies.watching.count(session.past.harms) * config.memory.follows
    revisions = 4 * min(REVISIONS, len(session.principles)) * config.constitution.answers  # two of them to the judge
    most = 0 if config.judging.by == "steps" else policies.rating.most
    ratings = attempts if most is None else min(attempts, most)
    each = session.environment.calls_per_attempt
    given = each * config.decoding.best_of
    past = session.past
    racing = past.race is not None or bool(past.arms) or len(past.records) == 1  # at first, nobody knows
    return Costs(
        iteration=each * (attempts + compared)
        + drafts
        + (config.teaching.tasks if config.models.teacher else 0)
        + (0 if each > 1 else max(sampling.hints, policies.cold_start.hints_after(session.past.in_vain)))
        + revisions
        + ratings
        + ("reflection" in config.operators)
        + (policies.rewriting.look * policies.rewriting.looks if config.operators else 0),
        gate_task=2 * given * (proposes(config) and racing),
        gate_tasks=policies.acceptance.block,
        sealed=_sealed(config, session),
        search=given * _search(config),
    )


def _sealed(config: RunConfig, session: Session) -> int:
    """Calls of the sealed test and of what is proved after it."""
    given = session.environment.calls_per_attempt * config.decoding.best_of
    arms, proofs = _arms(session), sum(prover.calls for prover in choose_provers(config))
    return given * (arms * sealed_tasks(config, given * arms) + proofs)


def _arms(session: Session) -> int:
    """Programs that answer the test tasks, at most."""
    config = session.config
    # one arm more shows what exemplars that people made do alone (those of a program file are its own), or an adapter
    arms = 3 + bool(session.memory.count(0) and not config.program) + bool(config.train.every)
    return arms + sum(prover.arms for prover in choose_provers(config))


def sealed_tasks(config: RunConfig, calls: int) -> int:
    """Test tasks of a run, each of which takes so many calls: fewer than `sealed.tasks` where those would take more
    than their share of the budget.
    """
    wanted, limit = config.sealed.tasks, config.budget.calls
    if limit is None:
        return wanted
    return min(wanted, max(LEAST_SEALED, int(config.sealed.share * limit / calls)))


LEAST_SEALED = 8
"""Test tasks that a sealed test has at least, whatever share of the budget they take."""


def _search(config: RunConfig) -> int:
    """Attempts that a search takes at most: the combinations, and the champion with the newest memory."""
    plan = rungs(config.compiling.candidates + 1, config.compiling.tasks)
    return calls(plan) if "compile" in config.operators else 0


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
            f"lower {_what_costs(session)}"
        )
    await _hold_back(opened, cost)
    if opened.ledger.spent.calls == 0:
        _refuse_too_little(opened, await _worst_call(opened), cost)
        if session.forming:
            await check_form(opened.environment)
        scarce = await scarce_splits(opened.environment)
        if scarce:
            session.notify("scarce", {"splits": scarce})
    done = session.past.records[-1].number
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
        session.reflector_able = await probe(session.iteration.ask_reflector)
        session.notify("probe", {"reflection": session.reflector_able})


async def _iterate(opened: Opened) -> str:
    """Iterate until something says stop; returns what."""
    session, config = opened.session, opened.session.config
    graph = build_graph(config)
    while True:
        last = session.past.records[-1]
        if last.action == "stop":
            return "the guard: diversity collapsed"
        if last.number >= config.budget.iterations:
            most = config.budget.iterations
            return "the one iteration done" if most == 1 else f"all {most} iterations done"
        reason = session.policies.stopping.reason(session.past.records)
        if reason is not None:
            return reason
        if not await _begin(opened, last.number + 1):
            return "the budget buys no further iteration"
        session.notify("begin", {"iteration": last.number + 1})
        try:
            async for update in graph.astream({"iteration": last.number + 1}, context=session, stream_mode="updates"):
                for node, counts in update.items():
                    session.notify("node", {"node": node, **counts})
        except BudgetExhausted as error:
            return f"the budget ended within iteration {last.number + 1}: {error}"


async def _begin(opened: Opened, number: int) -> bool:
    """Begin iteration `number`; False when the budget does not afford it."""
    session = opened.session
    cost = costs(session.config, session)
    await _hold_back(opened, cost)
    if (affordable := await _affordable(opened, number, cost)) is None:
        return False
    pair = 2 * session.config.decoding.best_of * session.environment.calls_per_attempt
    session.begin(number, affordable=affordable, race_tasks=affordable * (cost.each + cost.search) / pair)
    return True


async def _affordable(opened: Opened, number: int, cost: Costs) -> float | None:
    """How many iterations the budget affords from iteration `number` on; None when it does not afford this one.

    What the clock and the budget say here is written down, so that a resumed iteration is begun the same way.
    """
    session, ledger, journal = opened.session, opened.ledger, opened.journal
    known = journal.meta(f"affordable {number}")
    if isinstance(known, (int, float)):
        return known
    policy = session.policies.budget
    # before the first iteration the pace is that of the probe and of loading the model: it says nothing
    pace = ledger.seconds_calling / ledger.spent.calls if number > 1 and ledger.spent.calls else 0.0
    affordable = policy.affordable(ledger.left().calls, ledger.seconds_left(), pace, cost)
    if affordable < policy.least:
        return None
    affordable = min(affordable, session.config.budget.iterations - number + 1)
    await journal.add_meta(f"affordable {number}", affordable)
    return affordable


async def _hold_back(opened: Opened, cost: Costs) -> None:
    """Keep what the sealed test may need from the iterations."""
    session, ledger = opened.session, opened.ledger
    if session.config.budget.tokens is None and session.config.budget.usd is None:
        worst = Amount(1)
    else:
        worst = await _worst_call(opened)
    budget, first = session.policies.budget, len(session.past.records) == 1

    def seconds(taken: float, calls: int) -> float:
        needed = budget.sealed_seconds(taken, calls, cost.sealed)
        # Loading a model and the first few calls make the pace look slower than it is.
        needed = min(needed, budget.sealed_seconds(0.0, 0, cost.sealed)) if first else needed
        limit = session.config.budget.seconds
        return needed if limit is None else min(needed, session.config.sealed.share * limit)

    ledger.hold(worst.times(cost.sealed), seconds=seconds)


async def _affordable_tasks(opened: Opened) -> int:
    """Test tasks that the rest of the budget affords, as it was reckoned when the sealed test was opened first."""
    session, ledger = opened.session, opened.ledger
    known = opened.journal.meta("sealed tasks")
    if isinstance(known, int):
        return known
    cost = costs(session.config, session)
    each = _arms(session) * session.environment.calls_per_attempt * session.config.decoding.best_of
    tasks = sealed_tasks(session.config, each)
    if ledger.spent.calls and session.config.budget.seconds is not None:
        pace = ledger.seconds_calling / ledger.spent.calls
        fits = int(ledger.seconds_left() / max(1e-9, pace * cost.sealed / tasks))
        tasks = max(1, min(tasks, fits))
    await opened.journal.add_meta("sealed tasks", tasks)
    return tasks


def _refuse_too_little(opened: Opened, worst: Amount, cost: Costs) -> None:
    """Refuse limits of tokens, money or time that may not buy one iteration and the sealed test.

    The least that would do is rounded up, so that exactly that is enough.
    """
    budget, ledger = opened.session.config.budget, opened.ledger
    one = worst.times(cost.each)
    left = ledger.left()
    if left.tokens >= one.tokens and left.usd >= one.usd and ledger.seconds_left() > 0:
        return
    needed = worst.times(cost.sealed) + one
    seconds = ledger.seconds + CLOSING_SECONDS + 2 * opened.session.policies.budget.sealed_seconds(0.0, 0, cost.sealed)
    given, least = [], []
    for limit, need, unit in (
        (budget.tokens, f"{needed.tokens}", "tokens"),
        (budget.usd, f"{math.ceil(needed.usd * 1e4) / 1e4:.4f}", "USD"),
        (budget.seconds, f"{math.ceil(seconds)}", "s"),
    ):
        if limit is not None:
            given.append(f"{limit} {unit}")
            least.append(f"{need} {unit}")
    raise BudgetTooSmall(
        f"a budget of {' and '.join(given)} may not buy one iteration and the sealed test; give at least "
        f"{' and '.join(least)}, or lower {_what_costs(opened.session)}"
    )


def _what_costs(session: Session) -> str:
    """The keys that decide what an iteration and the sealed test cost."""
    config = session.config
    dear = {
        "proofs": bool(config.proofs),
        "compiling.candidates": "compile" in config.operators,
        "decoding.best_of": config.decoding.best_of > 1,
    }
    also = "".join(f"{name}, " for name, is_set in dear.items() if is_set)
    return f"{also}sampling.tasks, sampling.{'sketches' if session.sketching else 'samples'} or sealed.tasks"


async def _worst_call(opened: Opened) -> Amount:
    """The worst case of one sealed call: the largest reserved so far, at first the seed's with room for exemplars."""
    session = opened.session
    seen = opened.journal.largest_reservation("task")
    if seen is not None:
        return Amount(1, *seen)
    client, program = session.caller.clients["task"], opened.seed_program
    tasks = await session.environment.draw("train", 0, 8)
    worst = max((client.worst_case_tokens(task_request(program, (), t)) for t in tasks), default=(0, 0))
    prompt = worst[0] * (1 + program.retrieval.k)
    return Amount(1, prompt + worst[1], client.price(prompt, worst[1]))


@contextmanager
def stopping_on_signals(session: Session) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop new calls; a second one of them ends the process at once."""
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        session.caller.stop()
        session.notify("stopping", {"signal": signal.Signals(number).name})
        loop.remove_signal_handler(number)

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
    except (ValueError, RuntimeError):  # not in the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
