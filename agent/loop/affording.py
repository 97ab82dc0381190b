"""What the budget still affords, and what is kept of it for the sealed test."""

from __future__ import annotations

import math

from burnish.agent.loop.costs import calls_to_prove, controls, costs, most_sealed_tasks
from burnish.agent.loop.open_session import Opened
from burnish.agent.loop.session import Session
from burnish.agent.models.ledger import CLOSING_SECONDS, Amount
from burnish.agent.models.reading import Tokens
from burnish.agent.models.rendering import task_request
from burnish.errors import BudgetTooSmall
from burnish.policies.budget import Costs
from burnish.records import SEALED
from burnish.types import Usage


async def affordable_iterations(opened: Opened, number: int, cost: Costs) -> float | None:
    """How many iterations the budget affords from iteration `number` on; None when it does not afford this one.

    What the clock and the budget say here is written down, so that a resumed iteration is begun the same way.
    """
    session, ledger, journal = opened.session, opened.ledger, opened.journal
    known = journal.meta(f"affordable {number}")
    if isinstance(known, (int, float)):
        return known
    if session.caller.replays:  # it was found to afford no more
        return None
    policy = session.policies.budget
    done = len(session.past.records) - 1
    # before the first iteration the pace is that of the probe and of loading the model: it says nothing
    pace = ledger.seconds_calling / ledger.spent.calls if done and ledger.spent.calls else 0.0
    affordable = policy.affordable(await _calls_left(opened), ledger.seconds_left(), pace, cost)
    if affordable < policy.least:
        return None
    affordable = min(affordable, session.config.budget.iterations - done)
    await journal.add_meta(f"affordable {number}", affordable)
    return affordable


async def _calls_left(opened: Opened) -> float:
    """Calls that the limits of calls, tokens and money leave, each as dear as those of the iteration before; the last
    of them may need its worst case. Before the first iteration what calls will take is not known.
    """
    ledger = opened.ledger
    left = float(ledger.left().calls)
    last = opened.session.past.records[-1].number
    used = sum((s.usage for s in opened.journal.spent_by() if s.iteration == last), Usage())
    if not last or not used.calls:
        return left
    most = ledger.left() - await worst_call(opened)
    if opened.session.config.budget.tokens is not None and used.tokens:
        left = min(left, most.tokens / used.tokens * used.calls)
    if opened.session.config.budget.usd is not None and used.usd:
        left = min(left, most.usd / used.usd * used.calls)
    return left


async def afforded(opened: Opened, number: int, cost: Costs) -> float | None:
    """How many iterations are affordable from iteration `number` on, what the sealed test may need being held back.
    None when not this one.

    Controls say what a gain is worth. As long as there is none, their calls are for learning too.
    """
    least, spends_them = calls_to_prove(opened.session, 0), f"without controls {number}"
    resumed = bool(opened.journal.meta(spends_them))
    await hold_back(opened, least if resumed else cost.sealed)
    affordable = await affordable_iterations(opened, number, cost)
    if affordable is None and opened.session.champion.id == opened.seed_program.id:
        await hold_back(opened, least)
        affordable = await affordable_iterations(opened, number, cost)
        if affordable is not None:
            await opened.journal.add_meta(spends_them, value=True)
    return affordable


async def hold_back(opened: Opened, sealed: int) -> None:
    """Keep what the sealed test may need from the iterations: so many calls, and the time for them."""
    session, ledger = opened.session, opened.ledger
    if session.config.budget.tokens is None and session.config.budget.usd is None:
        worst = Amount(1)
    else:
        worst = await worst_call(opened)
    budget, first = session.policies.budget, len(session.past.records) == 1

    def seconds(taken: float, calls: int) -> float:
        needed = budget.sealed_seconds(taken, calls, sealed)
        # Loading a model and the first few calls make the pace look slower than it is.
        needed = min(needed, budget.sealed_seconds(0.0, 0, sealed)) if first else needed
        limit = session.config.budget.seconds
        return needed if limit is None else min(needed, session.config.sealed.share * limit)

    ledger.hold(worst.times(with_faults(opened, sealed)), seconds=seconds)


def with_faults(opened: Opened, calls: int) -> int:
    """So many calls, and as many tries in vain as they would take if servers went on as they did so far."""
    ((done, vain),) = opened.journal.rows(_IN_VAIN)
    return calls + math.ceil(calls * min(MOST_IN_VAIN, float(vain or 0) / max(1.0, float(done or 0))))


_IN_VAIN = "SELECT SUM(state = 'done'), SUM(state IN ('failed', 'lost') AND body <> '') FROM calls"
"""Calls that were answered, and tries that a server failed; those that a crash lost have no reason."""


MOST_IN_VAIN = 0.5
"""Tries in vain for each answer that are allowed for: a bad hour must not take the rest of a budget from learning."""


async def affordable_sealed_tasks(opened: Opened) -> int:
    """Test tasks that the rest of the budget affords, as it was reckoned when the sealed test was opened first."""
    session, ledger = opened.session, opened.ledger
    known = opened.journal.meta("sealed tasks")
    if isinstance(known, int) and is_opened(opened):
        return known
    cost = costs(session.config, session)
    tasks = most_sealed_tasks(session)
    if ledger.spent.calls and session.config.budget.seconds is not None:
        pace = ledger.seconds_calling / ledger.spent.calls
        fits = int(ledger.seconds_left() / max(1e-9, pace * cost.sealed / tasks))
        tasks = max(1, min(tasks, fits))
    await opened.journal.add_meta("sealed tasks", tasks)
    return tasks


def is_opened(opened: Opened) -> bool:
    """Whether any task of the sealed test was answered; until then nothing of it is known and nothing decided."""
    return opened.session.caller.replays or opened.journal.answered(iteration=SEALED)


async def affordable_controls(opened: Opened) -> int:
    """Controls that the calls that are left afford, as it was reckoned when the sealed test was opened first."""
    session, known = opened.session, opened.journal.meta("sealed controls")
    if isinstance(known, int) and is_opened(opened):
        return known
    most = controls(session)
    while most and with_faults(opened, calls_to_prove(session, most)) > opened.ledger.left().calls:
        most -= 1
    await opened.journal.add_meta("sealed controls", most)
    return most


def refuse_too_little(opened: Opened, worst: Amount, cost: Costs) -> None:
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
        f"{' and '.join(least)}, or lower {what_costs(opened.session)}"
    )


def what_costs(session: Session) -> str:
    """The keys that decide what an iteration and the sealed test cost."""
    config = session.config
    dear = {
        "proofs": bool(config.proofs),
        "compiling.candidates": "compile" in config.operators,
        "decoding.best_of": config.decoding.best_of > 1,
    }
    also = "".join(f"{name}, " for name, is_set in dear.items() if is_set)
    return f"{also}sampling.tasks, sampling.{'sketches' if session.sketching else 'samples'} or sealed.tasks"


async def worst_call(opened: Opened) -> Amount:
    """The worst case of one sealed call: the largest reserved so far, at first the seed's with room for exemplars."""
    session = opened.session
    seen = opened.journal.largest_reservation("task")
    if seen is not None:
        return Amount(1, *seen)
    client, program = session.caller.clients["task"], opened.seed_program
    tasks = await session.environment.draw("train", 0, 8)
    cases = [client.worst_case(task_request(program, (), task)) for task in tasks]
    prompt = max((case.prompt for case in cases), default=0) * (1 + program.retrieval.k)
    worst = Tokens(prompt, max((case.completion for case in cases), default=0))
    return Amount(1, worst.prompt + worst.completion, client.price(worst))
