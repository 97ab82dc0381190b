"""What is tried again, how long it is waited for, and what a failed try costs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from calling import agrees, in_turn, place, request, worst

from burnish.agent.models import circuit
from burnish.agent.models.calls import Caller, gather_in_order
from burnish.agent.models.ledger import Amount
from burnish.agent.models.scripted import ScriptedReply, ScriptedServer
from burnish.config import BudgetConfig
from burnish.errors import BudgetExhausted, ModelRefused, ModelRejected, ModelUnavailable
from burnish.outages import Outage


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
            ModelUnavailable,
            match=r"answered 503 \(scripted failure\) after 3 tries; see what it says and that it runs",
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


def outage(answered: int, lasting: int, reply: ScriptedReply) -> Callable[[Any], str | ScriptedReply]:
    """A server that after some answers gives this reply so many times, and then answers again."""
    asked = iter(range(10**6))
    return lambda _: reply if answered <= next(asked) < answered + lasting else "4"


@pytest.mark.parametrize(
    "reply",
    [
        ScriptedReply(status=500),
        ScriptedReply(status=401),
        ScriptedReply(status=402),
        ScriptedReply(status=404),
        ScriptedReply(status=429, headers={"retry-after": "0"}),
        ScriptedReply(hang_up=True),
        ScriptedReply(raw=b"<html>"),
        ScriptedReply(raw=b'{"error": {"message": "no", "code": 401}}'),
    ],
    ids=["500", "401", "402", "404", "429", "hangs up", "html", "401 in 200"],
)
async def test_a_server_that_has_answered_is_waited_for_longer_than_its_retries(
    sitting: Callable[..., Caller], reply: ScriptedReply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.002)
    with ScriptedServer(outage(1, 30, reply)) as server:
        caller = sitting(server.base_url, retries=1, concurrency=4)
        assert (await caller.ask("task", request(), place(99))).text == "4"
        results = await gather_in_order(caller.ask("task", request(), place(n)) for n in range(20))
        assert {r.text for r in results} == {"4"}
        assert server.requests == 51
        assert caller.ledger.spent.calls == 51
        assert agrees(caller)
        caller = sitting(server.base_url, retries=1)
        results = await gather_in_order(caller.ask("task", request(), place(n)) for n in range(20))
        assert server.requests == 51, "all is known"


async def test_patience_ends_with_the_reason_for_all_that_wait(
    sitting: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.01)
    with ScriptedServer(outage(1, 10**6, ScriptedReply("the disk is full", status=507))) as server:
        caller = sitting(server.base_url, patience_seconds=0.2)
        assert (await caller.ask("task", request(), place(0))).text == "4"
        asked = (caller.ask("task", request(), place(n)) for n in range(1, 9))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(r) for r in results} == {ModelUnavailable}
        assert "answered 507 (the disk is full) after " in str(results[0])
        assert server.requests > 10


async def test_a_wait_that_is_longer_than_patience_ends_at_once_and_says_so(sitting: Callable[..., Caller]) -> None:
    reply = ScriptedReply(status=429, headers={"retry-after": "86400"})
    with ScriptedServer(outage(1, 10**6, reply)) as server:
        caller = sitting(server.base_url)
        assert (await caller.ask("task", request(), place(0))).text == "4"
        with pytest.raises(ModelUnavailable, match="asks to wait 86400 s, longer than models"):
            await caller.ask("task", request(), place(1))
        assert server.requests == 2


@pytest.mark.parametrize("status", [402, 404])
async def test_at_the_beginning_what_people_have_to_mend_ends_after_one_call(
    sitting: Callable[..., Caller], status: int
) -> None:
    with ScriptedServer(lambda _: ScriptedReply("mend me", status=status)) as server:
        caller = sitting(server.base_url, concurrency=1)
        asked = (caller.ask("task", request(), place(n)) for n in range(9))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(r) for r in results} == {ModelUnavailable}
        assert "mend me" in str(results[0])
        assert server.requests == 1


async def test_a_request_that_a_server_fails_at_while_it_answers_others_is_given_up(
    sitting: Callable[..., Caller],
) -> None:
    def reply(body: Mapping[str, Any]) -> str | ScriptedReply:
        return ScriptedReply(status=500) if body["messages"][0]["content"] == "bad" else "4"

    with ScriptedServer(reply) as server:
        caller = sitting(server.base_url, retries=2, concurrency=1)

        async def others() -> None:
            for n in range(1, 40):
                await caller.ask("task", request(), place(n))

        bad, _ = await asyncio.gather(caller.ask("task", request("bad"), place(0)), others(), return_exceptions=True)
        assert isinstance(bad, ModelRejected)
        assert bad.passing
        assert "while it answers other requests" in str(bad)
        assert agrees(caller)


async def test_an_outage_is_told_and_written_down_until_it_is_over(
    sitting: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.002)
    with ScriptedServer(outage(1, 5, ScriptedReply("too hot", status=503))) as server:
        caller = sitting(server.base_url, concurrency=1)
        told: list[Outage | None] = []
        written: list[Any] = []

        def take(said: Outage | None) -> None:
            told.append(said)
            written.append(caller._journal.meta("outage"))

        caller._routes._on_outage = take
        await caller.ask("task", request(), place(0))
        await gather_in_order(caller.ask("task", request(), place(n)) for n in range(1, 4))
    assert [one.tries if one else None for one in told] == [1, 2, 3, 4, 5, None]
    assert told[0] is not None
    assert (told[0].server, told[0].reason) == (server.base_url, f"{server.base_url} answered 503 (too hot)")
    assert written[1] == told[0].to_json()
    assert caller._journal.meta("outage") is None


async def test_what_a_server_refuses_by_name_is_left_out_and_remembered(sitting: Callable[..., Caller]) -> None:
    asked: list[Mapping[str, Any]] = []

    def picky(body: Mapping[str, Any]) -> str | ScriptedReply:
        asked.append(body)
        if "max_tokens" in body:
            return ScriptedReply("'max_tokens' is not supported; use 'max_completion_tokens'", status=400)
        if "top_p" in body:
            return ScriptedReply("unsupported parameter: top_p", status=400)
        return "4"

    changes: list[str] = []
    with ScriptedServer(picky) as server:
        caller = sitting(server.base_url, retries=0)
        caller._on_adapted = lambda _url, change: changes.append(change)
        results = await gather_in_order(caller.ask("task", request(), place(n)) for n in range(5))
        assert {r.text for r in results} == {"4"}
        assert changes == ["max_tokens is sent as max_completion_tokens", "top_p is left out"]
        assert asked[-1].keys() == {"messages", "max_completion_tokens", "temperature"}
        assert agrees(caller)
        caller, before = sitting(server.base_url), server.requests
        caller.begin(2)
        await caller.ask("task", request(), place())
        assert server.requests == before + 1, "the next sitting knows"
