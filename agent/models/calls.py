"""Every model call of a run goes through here: replayed from the journal, or paid for, sent and written down.

The order is what makes a crash harmless: reserve → journal the intent → send → journal the answer → use it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal, TypeVar

from burnish.agent.models.circuit import Circuit
from burnish.agent.models.client import Adapted, ChatClient, ChatRequest, TryFailed
from burnish.agent.models.dialect import Dialect
from burnish.agent.models.ledger import Amount, Ledger
from burnish.agent.models.reading import Tokens
from burnish.agent.models.routes import Routes, servers_of
from burnish.errors import (
    GO_ON,
    BudgetExhausted,
    Interrupted,
    ModelError,
    ModelRefused,
    ModelRejected,
    ModelUnavailable,
)
from burnish.memory.journal import DIALECTS, Journal
from burnish.memory.journal_reader import CallKey
from burnish.outages import Outage
from burnish.records import Completion
from burnish.types import Usage

T = TypeVar("T")

MOST_REASONS = 3
"""Reasons for which a role's requests are rejected that are told of in a sitting."""


@dataclass(frozen=True)
class Place:
    """Where in an iteration a call stands; with the request it makes the call's key."""

    node: str
    item: str
    slot: int = 0


@dataclass(frozen=True)
class Answered:
    """A call of a node was answered: by a model, or `replayed` from the journal."""

    node: str
    tokens: int
    replayed: bool


class Caller:
    """Asks models on behalf of one run. `begin` names the iteration whose calls are replayed from the journal. With
    `replay_only` that is all: a call that failed for good fails again, and what the journal lacks raises `Interrupted`.
    The `fingerprint` of the run's configuration is part of every key.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        ledger: Ledger,
        clients: Mapping[str, ChatClient],
        on_answer: Callable[[Answered], None] = lambda _: None,
        on_outage: Callable[[Outage | None], None] = lambda _: None,
        on_adapted: Callable[[str, str], None] = lambda _reason, _change: None,
        on_rejected: Callable[[str, str], None] = lambda _role, _reason: None,
        replay_only: bool = False,
        fingerprint: str = "",
    ) -> None:
        self.ledger = ledger
        self.clients = clients
        self._journal = journal
        self._on_answer = on_answer
        self._on_adapted = on_adapted
        self._on_rejected = on_rejected
        self._told_rejected: set[tuple[str, str]] = set()
        known = journal.meta(DIALECTS)
        for client in servers_of(clients):
            dialect = known.get(f"{client.url} {client.name}") if isinstance(known, dict) else None
            if isinstance(dialect, dict):
                client.dialect = Dialect.from_json(dialect)
        self._replay_only = replay_only
        self._fingerprint = fingerprint
        self._routes = Routes(journal, ledger, clients, self.raise_if_stopped, on_outage)
        self._iteration = 0
        self._known: dict[str, Completion] = {}
        self._rejected: dict[str, tuple[str, bool]] = {}
        self._unpaid: dict[str, tuple[str, str]] = {}
        self._asked: set[str] = set()
        self._said: dict[tuple[str, str], Completion] = {}
        self._tries: dict[str, int] = {}
        self._stopping = asyncio.Event()

    def begin(self, iteration: int) -> None:
        """Start (or start again) an iteration: what the journal knows of it will not be asked again."""
        self._iteration = iteration
        self._known = self._journal.completions(iteration)
        self._rejected = self._journal.rejections(iteration)
        self._unpaid = self._journal.unpaid(iteration)
        # a key ends with the hash of its request
        self._said = {
            (key.split("/")[2], key.rpartition("/")[2]): replace(known, call=key) for key, known in self._known.items()
        }
        self._tries = self._journal.tries(iteration)

    def concurrency(self, role: str) -> int:
        """How many calls of a role may be in flight."""
        return self.clients[role].config.concurrency

    async def pause(self, seconds: float) -> None:
        """Give a server time to mend, unless the run is only replayed."""
        if not self._replay_only and seconds < self.ledger.seconds_left():
            await self._journal.add_pause(self._iteration, seconds=seconds)
            with contextlib.suppress(TimeoutError):  # `stop` ends the wait
                await asyncio.wait_for(self._stopping.wait(), seconds)

    @property
    def asked(self) -> frozenset[str]:
        """The keys of all calls that were asked for in this sitting, wherever the answers came from."""
        return frozenset(self._asked)

    @property
    def replays(self) -> bool:
        """Whether nobody is asked, and all is taken from the journal."""
        return self._replay_only

    def stop(self) -> None:
        """Send nothing more; calls in flight are finished and kept."""
        self._stopping.set()
        self._routes.wake()

    def raise_if_stopped(self) -> None:
        """Raise `Interrupted` once `stop` was called."""
        if self._stopping.is_set():
            raise Interrupted("stopped before the next call")

    async def ask(self, role: str, request: ChatRequest, place: Place) -> Completion:
        """One answer. What was asked in this iteration already is not asked again at temperature 0: it costs nothing.

        Raises:
            BudgetExhausted: the worst case does not fit.
            Interrupted: `stop` was called.
            ModelUnavailable: the server did not answer, and it is not waited for, or no longer.
            ModelRefused: it refused the key at the beginning.
            ModelRejected: it calls the request wrong, which is then not sent again; or fails at this request alone.

        """
        client = self.clients[role]
        key = CallKey(
            self._iteration, place.node, role, place.item, place.slot, request.digest(client.name, self._fingerprint)
        )
        known = self._known.get(str(key))
        self._asked.add(str(key))
        if known is not None:
            client.learn(request, known.usage)
            self._on_answer(Answered(place.node, known.usage.tokens, replayed=True))
            return replace(known, call=str(key))
        said, (reason, passing) = self._said.get((role, key.request)), self._rejected.get(str(key), ("", False))
        if reason and (said or self._replay_only or not passing):  # where it was answered another time, it will be now
            raise ModelRejected(reason, passing=passing)
        if said and request.temperature == 0 and self._iteration > 0:
            self._on_answer(Answered(place.node, 0, replayed=True))
            return replace(said, usage=Usage())
        if self._replay_only:
            if str(key) in self._unpaid:
                limit, reason = self._unpaid[str(key)]
                raise BudgetExhausted(reason, limit=limit)
            raise Interrupted(f"the journal does not hold the call of node {key.node} about {key.item}")
        try:
            completion = await self._ask_patiently(client, request, key)
        except BudgetExhausted as error:
            await self._journal.add_unpaid(key, budget=error.limit, reason=str(error))
            raise
        except ModelRejected as error:
            self._tell_of_rejection(role, str(error))
            raise
        self._known[str(key)] = completion
        self._said[role, key.request] = named = replace(completion, call=str(key))
        self._on_answer(Answered(place.node, completion.usage.tokens, replayed=False))
        return named

    def _tell_of_rejection(self, role: str, reason: str) -> None:
        """Say why a role has no answer, each reason once and few of them."""
        told = sum(one == role for one, _ in self._told_rejected)
        if (role, reason) not in self._told_rejected and told < MOST_REASONS:
            self._told_rejected.add((role, reason))
            self._on_rejected(role, reason)

    async def _ask_patiently(self, client: ChatClient, request: ChatRequest, key: CallKey) -> Completion:
        """An answer, however long the server takes to come back, within what the run allows for."""
        first, alone, answers = client, 0, dict[Circuit, int]()
        for number in count(self._tries.get(str(key), 0)):
            client, circuit, probe = await self._routes.way(first)
            try:
                completion = await self._try(client, request, key, number)
            except Adapted as adapted:
                circuit.left(probe=probe)
                await self._keep_dialect(client, adapted)
            except TryFailed as failure:
                alone += failure.lost and circuit.answers > answers.get(circuit, 0)  # others since it failed last
                answers[circuit] = circuit.answers
                wait = circuit.failed(str(failure), probe=probe, busy=failure.busy, asked=failure.retry_after)
                await self._journal.add_wait(key, number, seconds=wait)
                await self._routes.tell_of_outage(client)
                if alone > client.config.retries:
                    await self._give_up_alone(client, request, key, number, failure)
                self._routes.raise_if_in_vain(first, client, failure, wait)
            except BaseException as error:
                _break_off(error, circuit)
                circuit.left(probe=probe)
                raise
            else:
                waited = circuit.waiting is not None
                circuit.answered(probe=probe)
                if waited:
                    await self._routes.tell_of_outage(client)
                return completion
        raise AssertionError("unreachable")

    async def _keep_dialect(self, client: ChatClient, adapted: Adapted) -> None:
        """Say how a server is asked from now on, and write it down for the next sitting."""
        if not adapted.change:
            return
        self._on_adapted(str(adapted), adapted.change)
        known = self._journal.meta(DIALECTS)
        kept = known if isinstance(known, dict) else {}
        await self._journal.add_meta(DIALECTS, {**kept, f"{client.url} {client.name}": client.dialect.to_json()})

    async def _give_up_alone(
        self, client: ChatClient, request: ChatRequest, key: CallKey, number: int, failure: TryFailed
    ) -> None:
        """Raise ModelRejected: the server fails at this request, and answers others."""
        error = ModelRejected(f"{failure}, again and again, while it answers other requests", passing=True)
        most = client.worst_case(request)
        used = Usage(1, most.prompt, most.completion, usd=client.price(most))
        self._rejected[str(key)] = (str(error), True)
        await self._journal.add_failure(key, number, "faulty", reason=str(error), used=used)
        raise error from None

    def _refuse_without_time(self) -> None:
        """A call that the end of the time budget cut short is not the server's failure."""
        if self.ledger.seconds_left() <= 0:
            raise BudgetExhausted("the time budget ended during a call", limit="seconds") from None

    async def _try(self, client: ChatClient, request: ChatRequest, key: CallKey, try_number: int) -> Completion:
        most = client.worst_case(request)
        worst = Amount(1, most.prompt + most.completion, client.price(most))
        await self.ledger.reserve_in_turn(worst)
        if self._stopping.is_set():
            self.ledger.settle(worst, Amount())
            self.raise_if_stopped()
        self._tries[str(key)] = try_number + 1
        timeout = min(client.config.timeout_seconds, self.ledger.seconds_left())
        try:
            written = request.written(client.name)
            await self._journal.add_intent(key, try_number, tokens=worst.tokens, usd=worst.usd, request=written)
            async with asyncio.timeout(timeout):
                completion = await client.send(request, timeout=timeout)
        except Adapted as adapted:
            await self._give_up(key, try_number, worst, TryFailed(str(adapted), lost=False))
            raise
        except TryFailed as failure:
            await self._give_up(key, try_number, worst, failure)
            self._refuse_without_time()
            raise
        except TimeoutError:
            late = TryFailed(f"{client.url} did not answer within {timeout:.0f} s", lost=True)
            await self._give_up(key, try_number, worst, late)
            self._refuse_without_time()
            raise late from None
        except ModelError as error:
            if isinstance(error, ModelRefused) or _passing(error):
                passing = TryFailed(str(error), lost=False)
                await self._give_up(key, try_number, worst, passing)
                if self._routes.of(client).known:  # in the night nobody mends it, and it may mend itself
                    raise passing from None
                refused = isinstance(error, ModelRefused)
                raise error if refused else ModelUnavailable(f"{error}; mend it, then {GO_ON}") from None
            used = error.usage and _charged(error.usage, most, worst) if isinstance(error, ModelRejected) else None
            await self._give_up(key, try_number, worst, TryFailed(str(error), lost=False), error, used)
            raise
        except BaseException:
            self.ledger.lose(worst)
            raise
        usage = _charged(completion.usage, most, worst)
        completion = replace(completion, usage=usage)
        client.learn(request, usage)
        self.ledger.settle(worst, Amount(1, usage.tokens, usage.usd))
        await self._journal.add_completion(key, try_number, completion)
        return completion

    async def _give_up(
        self,
        key: CallKey,
        try_number: int,
        worst: Amount,
        failure: TryFailed,
        error: ModelError | None = None,
        used: Usage | None = None,
    ) -> None:
        if failure.lost:
            self.ledger.lose(worst)
        else:
            self.ledger.settle(worst, Amount(1, used.tokens, used.usd) if used else Amount(calls=1))
        state: Literal["failed", "lost", "rejected", "faulty"] = "lost" if failure.lost else "failed"
        if isinstance(error, ModelRejected):
            state = "faulty" if error.passing else "rejected"
            self._rejected[str(key)] = (str(error), error.passing)
        await self._journal.add_failure(key, try_number, state, reason=str(failure), used=used)


def _break_off(error: BaseException, circuit: Circuit) -> None:
    """Have no other call tried after what is for somebody to mend: at the beginning one is there."""
    if isinstance(error, ModelUnavailable | ModelRefused):
        circuit.break_off(error)


def _passing(error: ModelError) -> bool:
    return isinstance(error, ModelRejected) and error.passing


def _charged(usage: Usage, most: Tokens, worst: Amount) -> Usage:
    """What a call is charged: what the server says, or the worst case where it says nothing."""
    if usage.tokens:
        return usage
    return replace(usage, prompt_tokens=most.prompt, completion_tokens=most.completion, usd=worst.usd)


async def gather_in_order(jobs: Iterable[Awaitable[T]]) -> Sequence[T]:
    """Results in the order of the jobs, whatever order they finish in.

    When one fails the others are still awaited, so that every answer in flight reaches the journal; then
    the first failure is raised.
    """
    results = await asyncio.gather(*jobs, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results  # type: ignore[return-value]
