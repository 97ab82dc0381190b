"""What is tried again, how long it is waited for, and what a failed try costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from calling import agrees, in_turn, place, request, worst

from burnish.agent.models.calls import FIRST_WAIT, LONGEST_WAIT, Caller, gather_in_order
from burnish.agent.models.client import TryFailed
from burnish.agent.models.ledger import Amount
from burnish.agent.models.scripted import ScriptedReply, ScriptedServer
from burnish.config import BudgetConfig
from burnish.errors import BudgetExhausted, ModelRefused, ModelRejected, ModelUnavailable


@pytest.mark.parametrize("passing", [429, 500, 503])
async def test_what_may_pass_is_tried_again_and_each_try_counts_as_a_call(
    sitting: Callable[..., Caller], passing: int
) -> None:
    failure = ScriptedReply(status=passing, headers={"retry-after": "0"})
    with ScriptedServer(in_turn(failure, failure, "4")) as server:
        caller = sitting(server.base_url)
        assert (await caller.ask("task", request(), place())).text == "4"
        assert server.requests == 3
        lost = 2 * worst(request()) if passing == 500 else 0
        assert caller.ledger.spent == Amount(3, 4 + lost)
        assert agrees(caller)
        assert list(caller._journal.tries(1).values()) == [3]
        waits = [row["waited"] for row in caller._journal._rows("SELECT waited FROM calls ORDER BY try")]
        assert all(waits[:2])
        assert waits[2] == 0


def test_the_wait_is_what_the_server_asks_for_or_doubles_up_to_a_bound(sitting: Callable[..., Caller]) -> None:
    caller = sitting("http://model.test/v1")
    for _ in range(50):
        assert 7 <= caller._wait(0, TryFailed("x", lost=False, retry_after=7)) <= 7 + FIRST_WAIT
        for n in range(12):
            assert 0 <= caller._wait(n, TryFailed("x", lost=False)) <= min(LONGEST_WAIT, FIRST_WAIT * 2**n)


async def test_a_wait_beyond_the_time_budget_ends_the_loop_at_once(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: ScriptedReply(status=429, headers={"retry-after": "500"})) as server:
        caller = sitting(server.base_url, budget=BudgetConfig(seconds=400))
        with pytest.raises(
            BudgetExhausted, match=r"answered 429 \(scripted failure\), and waiting 50\d s for it would exceed"
        ):
            await caller.ask("task", request(), place())
        assert server.requests == 1


async def test_a_server_that_never_recovers_is_unavailable_after_all_retries(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: ScriptedReply(status=503)) as server:
        caller = sitting(server.base_url, retries=2)
        with pytest.raises(
            ModelUnavailable, match=r"answered 503 \(scripted failure\) after 3 tries; see that the server runs"
        ):
            await caller.ask("task", request(), place())
        assert server.requests == 3
        assert caller.ledger.spent == Amount(3)
        assert agrees(caller)


@pytest.mark.parametrize(("status", "error"), [(401, ModelRefused), (403, ModelRefused), (400, ModelRejected)])
async def test_a_refusal_is_never_retried(sitting: Callable[..., Caller], status: int, error: type[Exception]) -> None:
    with ScriptedServer(lambda _: ScriptedReply(status=status)) as server:
        caller = sitting(server.base_url)
        with pytest.raises(error):
            await caller.ask("task", request(), place())
        assert server.requests == 1
        assert caller.ledger.spent == Amount(1)
        assert agrees(caller)


async def test_what_is_queued_behind_a_refused_key_is_not_sent(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: ScriptedReply(status=401)) as server:
        caller = sitting(server.base_url, concurrency=2)
        with pytest.raises(ModelRefused):
            await gather_in_order(caller.ask("task", request(), place(n)) for n in range(20))
        assert server.requests <= 2


async def test_a_lost_connection_counts_the_worst_case_and_is_tried_again(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(in_turn(ScriptedReply(hang_up=True), "4")) as server:
        caller = sitting(server.base_url)
        assert (await caller.ask("task", request(), place())).text == "4"
        assert caller.ledger.spent == Amount(2, worst(request()) + 4)
        assert agrees(caller)


async def test_a_late_answer_counts_the_worst_case(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: "4", latency=60) as server:
        caller = sitting(server.base_url, timeout_seconds=0.05, retries=0)
        with pytest.raises(ModelUnavailable):
            await caller.ask("task", request(), place())
        assert caller.ledger.spent == Amount(1, worst(request()))
        assert agrees(caller)


async def test_a_server_that_reports_no_usage_is_charged_the_worst_case(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: ScriptedReply("4", usage=False)) as server:
        caller = sitting(server.base_url)
        assert (await caller.ask("task", request(), place())).usage.tokens == worst(request())
        assert caller.ledger.spent == Amount(1, worst(request()))
        assert agrees(caller)
