"""Which server a call goes to, and what is said while one does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from burnish.agent.models.circuit import LONGEST_WAIT, Circuit
from burnish.agent.models.client import ChatClient, TryFailed
from burnish.agent.models.ledger import Ledger
from burnish.errors import GO_ON, BudgetExhausted, ModelUnavailable
from burnish.memory.journal import OUTAGE, Journal
from burnish.outages import Outage


class Routes:
    """The circuits to all servers of a run, those of roles and those asked in their stead. `check` raises once calls
    are to stop; `on_outage` is told that a server is waited for, and with None that it answers again.
    """

    def __init__(
        self,
        journal: Journal,
        ledger: Ledger,
        clients: Mapping[str, ChatClient],
        check: Callable[[], None],
        on_outage: Callable[[Outage | None], None],
    ) -> None:
        self._journal, self._ledger = journal, ledger
        self._check, self._on_outage = check, on_outage
        known = {id(client) for role, client in clients.items() if journal.answered(role)}
        self._circuits = {
            id(client): Circuit(client.config.concurrency, known=id(client) in known) for client in servers_of(clients)
        }
        self._outages: dict[str, Outage | None] = {}

    def of(self, client: ChatClient) -> Circuit:
        """The circuit to a server."""
        return self._circuits[id(client)]

    def wake(self) -> None:
        """Have all calls that wait look again."""
        for circuit in self._circuits.values():
            circuit.wake()

    async def way(self, first: ChatClient) -> tuple[ChatClient, Circuit, bool]:
        """The server to ask, once it is this call's turn, and whether this is to find out if it answers again."""
        circuit, second = self.of(first), first.second
        spare = self._circuits.get(id(second))
        if second is None or spare is None:
            probe = await circuit.enter(self._check)
            return first, circuit, bool(probe)
        while True:
            probe = await circuit.enter(self._check, elsewhere=lambda: spare.due)
            if probe is not None:
                return first, circuit, probe
            probe = await spare.enter(self._check, elsewhere=lambda: True)
            if probe is not None:
                return second, spare, probe

    async def tell_of_outage(self, client: ChatClient) -> None:
        """Write down, and say, that a server is waited for or answers again."""
        waiting, now = self.of(client).waiting, time.time() - time.monotonic()
        told = None
        if waiting is not None:
            since, until = round(now + waiting.since, 1), round(now + waiting.until, 1)
            meanwhile = f"; {client.second.url} is asked meanwhile" if client.second is not None else ""
            told = Outage(client.url, f"{waiting.reason}{meanwhile}", since, until, waiting.tries)
        before = self._outages.get(client.url)
        if told == before:
            return
        if told is None and before is not None and client.second is None:  # to wait is not to call
            self._ledger.apart += max(0.0, time.time() - before.since)
        self._outages[client.url] = told
        self._on_outage(told)
        await self._journal.add_meta(OUTAGE, next((one.to_json() for one in self._outages.values() if one), None))

    def raise_if_in_vain(self, first: ChatClient, client: ChatClient, failure: TryFailed, wait: float) -> None:
        """Raise what ends all calls to a server, where it does not help to wait."""
        config, circuit = client.config, self.of(client)
        waiting = circuit.waiting
        others = [self.of(one) for one in (first, first.second) if one is not None and one is not client]
        if waiting is None or any(other.waiting is None and other.broken is None for other in others):
            return
        if wait > self._ledger.seconds_left():
            raise BudgetExhausted(
                f"{failure}, and waiting {wait:.0f} s for it would exceed the time budget", limit="seconds"
            )
        impatient = waiting.until - waiting.since > config.patience_seconds
        known = circuit.known or any(other.known for other in others)
        if not impatient and (known or waiting.tries <= config.retries):
            return
        tries = f" after {waiting.tries} {'try' if waiting.tries == 1 else 'tries'}"
        asked = f" and asks to wait {wait:.0f} s, longer than models.*.patience_seconds"
        why = asked if impatient and wait > LONGEST_WAIT else tries
        error = ModelUnavailable(f"{failure}{why}; see what it says and that it runs, then {GO_ON}")
        circuit.break_off(error)
        raise error from None


def servers_of(clients: Mapping[str, ChatClient]) -> list[ChatClient]:
    """All servers that the roles of a run may ask."""
    seconds = (client.second for client in clients.values())
    return [*clients.values(), *(second for second in seconds if second is not None)]
