from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from calling import TEMPLATE, agrees, place, request, until, worst, written

from burnish.agent.models.calls import Answered, Caller, Place, gather_in_order
from burnish.agent.models.ledger import Amount
from burnish.agent.models.scripted import ScriptedReply, ScriptedServer
from burnish.config import BudgetConfig
from burnish.errors import BudgetExhausted, Interrupted, ModelRejected, ModelUnavailable
from burnish.memory.journal_reader import CallKey
from burnish.records import SEALED, Completion

KEY = "sk-very-secret-0123456789"


async def test_an_answer_is_in_the_journal_and_paid_for_when_it_is_used(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: "four it is") as server:
        caller = sitting(server.base_url, usd_per_million_completion_tokens=1e6)
        made = await caller.ask("task", request(), place())
        assert (made.text, made.usage.tokens, made.usage.usd) == ("four it is", 6, 3.0)
        assert caller._journal.completions(1) == {made.call: replace(made, call="")}
        assert caller.ledger.spent == Amount(1, 6, 3.0)


async def test_a_resumed_iteration_asks_nothing_again(sitting: Callable[..., Caller]) -> None:
    counter = iter(range(999))
    with ScriptedServer(lambda _: f"answer {next(counter)}") as server:
        caller = sitting(server.base_url)
        first = await gather_in_order(caller.ask("task", request(), place(n)) for n in range(9))
        spent = caller.ledger.spent
        seen: list[Answered] = []
        again = sitting(server.base_url)
        again._on_answer = seen.append
        assert list(await gather_in_order(again.ask("task", request(), place(n)) for n in range(9))) == list(first)
        assert server.requests == 9
        assert again.ledger.spent == spent
        assert seen == [Answered("attempt", answer.usage.tokens, replayed=True) for answer in first]
        again.begin(2)
        assert (await again.ask("task", request(), place())).text == "answer 9"


async def test_a_call_that_was_in_flight_when_the_process_died_is_asked_again(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: "4") as server:
        dead = sitting(server.base_url)
        key = CallKey(1, "attempt", "task", "t", 0, request().digest(""))
        await dead._journal.add_intent(key, 0, tokens=worst(request()), usd=0, request="{}")
        caller = sitting(server.base_url)
        assert caller.ledger.spent == Amount(1, worst(request()))
        await caller.ask("task", request(), place())
        assert server.requests == 1
        assert caller.ledger.spent == Amount(2, worst(request()) + 4)
        assert agrees(caller)


async def test_a_cancelled_call_counts_its_worst_case(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: "4", latency=60) as server:
        caller = sitting(server.base_url)
        asking = asyncio.ensure_future(caller.ask("task", request(), place()))
        await until(lambda: server.requests > 0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert caller.ledger.spent == Amount(1, worst(request()))
        assert agrees(caller)


@pytest.mark.parametrize("seed", range(4))
async def test_the_budget_is_never_exceeded_by_one_token_whatever_the_server_does(
    sitting: Callable[..., Caller], seed: int
) -> None:
    rng, reported = random.Random(seed), Amount()

    def reply(body: Mapping[str, Any]) -> ScriptedReply:
        nonlocal reported
        prompt = rng.randint(1, len(body["messages"][0]["content"].encode()) + 2 * TEMPLATE)
        completion = rng.randint(0, body["max_tokens"])
        reported += Amount(1, prompt + completion)
        usage = {"prompt_tokens": prompt, "completion_tokens": completion}
        answer = {"choices": [{"message": {"content": "4"}}], "usage": usage}
        kind = rng.random()
        if kind < 0.1:
            return ScriptedReply(hang_up=True)
        if kind < 0.2:
            reported -= Amount(0, prompt + completion)
            return ScriptedReply(status=503)
        return ScriptedReply(raw=json.dumps(answer).encode())

    limits = BudgetConfig(tokens=rng.randint(500, 1500), calls=rng.randint(30, 70))
    assert limits.tokens is not None
    assert limits.calls is not None
    with ScriptedServer(reply) as server:
        caller = sitting(server.base_url, budget=limits)
        asked = (caller.ask("task", request("x" * rng.randint(0, 40)), place(n)) for n in range(64))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert any(isinstance(r, BudgetExhausted) for r in results)
        assert all(isinstance(r, (Completion, BudgetExhausted)) for r in results)
        for tokens, made in (
            (reported.tokens, reported.calls),
            (caller.ledger.spent.tokens, caller.ledger.spent.calls),
            (caller._journal.spent().tokens, caller._journal.spent().calls),
        ):
            assert tokens <= limits.tokens
            assert made <= limits.calls
        assert agrees(caller)
        assert caller.ledger.left() == Amount(limits.calls, limits.tokens, float("inf")) - caller.ledger.spent


async def test_a_server_that_counts_beyond_the_worst_case_is_found_out_by_its_first_answer(
    sitting: Callable[..., Caller],
) -> None:
    usage = {"prompt_tokens": 300, "completion_tokens": 3}  # a system prompt of the server's own
    answer = json.dumps({"choices": [{"message": {"content": "4"}}], "usage": usage}).encode()
    limits = BudgetConfig(tokens=2000)
    with ScriptedServer(lambda _: ScriptedReply(raw=answer)) as server:
        caller = sitting(server.base_url, budget=limits)
        await caller.ask("task", request(), place(0))
        asked = (caller.ask("task", request(), place(n)) for n in range(1, 20))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert any(isinstance(r, BudgetExhausted) for r in results)
        assert caller.ledger.spent.tokens == caller._journal.spent().tokens <= 2000
        caller = sitting(server.base_url, budget=limits)  # what is replayed teaches the same
        await caller.ask("task", request(), place(0))
        with pytest.raises(BudgetExhausted, match="may need 310 tokens"):
            await caller.ask("task", request(), place(99))


async def test_results_come_in_slot_order_whatever_order_the_answers_come_in(sitting: Callable[..., Caller]) -> None:
    arrived: list[int] = []

    async def handler(asked: httpx.Request) -> httpx.Response:
        n = int(json.loads(asked.content)["messages"][0]["content"])
        await until(lambda: len(arrived) == 19 - n)  # the later the slot, the earlier its answer
        arrived.append(n)
        said = json.dumps({"choices": [{"message": {"content": str(n)}}]})
        return httpx.Response(200, stream=httpx.ByteStream(said.encode()))

    caller = sitting("http://model.test/v1", transport=httpx.MockTransport(handler), known=True)
    results = await gather_in_order(caller.ask("task", request(str(n)), place(n)) for n in range(20))
    assert arrived == list(reversed(range(20)))
    assert [int(r.text) for r in results] == list(range(20))


async def test_when_one_fails_the_others_still_reach_the_journal(sitting: Callable[..., Caller]) -> None:
    def reply(body: Mapping[str, Any]) -> str | ScriptedReply:
        return ScriptedReply(status=400) if body["messages"][0]["content"] == "bad" else "4"

    with ScriptedServer(reply, latency=0.02) as server:
        caller = sitting(server.base_url)
        with pytest.raises(ModelRejected):
            await gather_in_order(caller.ask("task", request(t), place(n)) for n, t in enumerate(["bad", "a", "b"]))
        assert len(caller._journal.completions(1)) == 2


async def test_stopping_finishes_what_is_in_flight_and_sends_nothing_more(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: "4", latency=0.1) as server:
        caller = sitting(server.base_url, concurrency=3, known=True)
        asking = asyncio.gather(*(caller.ask("task", request(), place(n)) for n in range(9)), return_exceptions=True)
        await until(lambda: server.requests == 3)
        caller.stop()
        results = await asking
        assert [type(r) for r in results] == [Completion] * 3 + [Interrupted] * 6
        assert server.requests == len(caller._journal.completions(1)) == 3
        assert caller.ledger.spent.calls == 3


async def test_stopping_does_not_sit_out_a_wait(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda _: ScriptedReply(status=429, headers={"retry-after": "3600"})) as server:
        caller = sitting(server.base_url)
        asking = asyncio.ensure_future(caller.ask("task", request(), place()))
        await until(lambda: caller.ledger.spent.calls > 0)
        caller.stop()
        with pytest.raises(Interrupted):
            await asyncio.wait_for(asking, 60)


async def test_equal_requests_at_two_places_are_two_calls(sitting: Callable[..., Caller]) -> None:
    counter = iter(range(9))
    with ScriptedServer(lambda _: str(next(counter))) as server:
        caller = sitting(server.base_url)
        places = [("task", place(0)), ("task", place(1)), ("task", Place("gate", "t", 0)), ("judge", place(0))]
        texts = {(await caller.ask(role, request(), at)).text for role, at in places}
        assert len(texts) == 4
        assert (await caller.ask("task", request(), place(0))).text == "0"
        assert server.requests == 4


async def test_at_temperature_0_equal_requests_of_an_iteration_are_one_call(sitting: Callable[..., Caller]) -> None:
    sure = request(temperature=0.0)
    with ScriptedServer(lambda _: "4") as server:
        caller = sitting(server.base_url)
        first = await caller.ask("task", sure, place(0))
        again = await caller.ask("task", sure, Place("gate", "t", 0))
        assert (again.text, again.usage.tokens) == (first.text, 0)
        assert server.requests == caller.ledger.spent.calls == 1
        resumed = sitting(server.base_url)
        assert (await resumed.ask("task", sure, Place("gate", "t", 0))).text == "4"
        assert server.requests == 1
        await resumed.ask("judge", sure, place(0))
        resumed.begin(2)
        await resumed.ask("task", sure, place(0))
        resumed.begin(SEALED)
        for n in range(2):
            await resumed.ask("task", sure, place(n))
        assert server.requests == 5, "another role, another iteration and the sealed test ask anew"


async def test_another_request_at_the_same_place_is_another_call(sitting: Callable[..., Caller]) -> None:
    with ScriptedServer(lambda body: body["messages"][0]["content"]) as server:
        caller = sitting(server.base_url)
        assert [(await caller.ask("task", request(t), place())).text for t in "ab"] == ["a", "b"]


async def test_the_key_is_neither_in_the_journal_nor_in_an_error(
    sitting: Callable[..., Caller], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    statuses = iter([200, 400, 500])

    def echo(asked: httpx.Request) -> httpx.Response:
        status, said = next(statuses), asked.headers["authorization"]
        body = {"choices": [{"message": {"content": "4"}}]} if status == 200 else {"error": said}
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(body).encode()))

    caller = sitting(
        "http://m.test/v1", transport=httpx.MockTransport(echo), api_key_env="SOME_KEY", patience_seconds=0
    )
    results = await asyncio.gather(*(caller.ask("task", request(), place(n)) for n in range(3)), return_exceptions=True)
    assert {type(r) for r in results} == {Completion, ModelRejected, ModelUnavailable}
    assert KEY not in repr(results)
    assert caller._journal.spent().calls == 3
    assert KEY.encode() not in written(tmp_path)
