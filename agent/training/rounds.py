"""Training within a run: every so many iterations an adapter from what it verified so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from burnish.agent.models.calls import Caller
from burnish.agent.models.lora_adapters import AdapterServers, adapters_of
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Notify, Run
from burnish.config import RunConfig
from burnish.errors import BudgetExhausted, ConfigError, Interrupted
from burnish.memory.journal import Journal
from burnish.protocols import Environment


@dataclass(frozen=True)
class Rounds:
    """The rounds of one run. Each begins from the base model (ReST-EM, Singh et al. 2023), never from an adapter.

    With no `adapted` servers nothing is trained, and what came of each round is read from the journal.
    """

    directory: RunDirectory
    config: RunConfig
    environment: Environment
    journal: Journal
    caller: Caller
    adapted: AdapterServers | None
    notify: Notify

    def due(self, iteration: int) -> bool:
        """Whether an adapter is trained in an iteration."""
        return iteration % self.config.train.every == 0

    async def adapter(self, iteration: int, refuse: Callable[[str], None]) -> str:
        """The name of the iteration's adapter, which is served from now on; trained once, whatever is killed.

        Empty where nothing can be trained on; `refuse` is told why.

        Raises:
            BudgetExhausted: the time budget ended within it.
            Interrupted: the run is to stop; what is done is kept.

        """
        key = f"adapter {iteration}"
        known = self.journal.meta(key)
        if not isinstance(known, dict):
            if self.adapted is None:
                raise Interrupted("the journal does not say what was trained")
            known = {"adapter": "", "refused": ""}
            before = self.caller.ledger.seconds
            try:
                known["adapter"] = await asyncio.to_thread(self._make, iteration)
            except ConfigError as error:
                known["refused"] = str(error)
            finally:
                self.caller.ledger.apart += self.caller.ledger.seconds - before
            await self.journal.add_meta("seconds apart", self.caller.ledger.apart)
            await self.journal.add_meta(key, known)
        if known["refused"]:
            refuse(str(known["refused"]))
            return ""
        if self.adapted:
            self.adapted.stop_all()  # nothing is asked now, and what lost at the gate is not needed again
            self.adapted.files |= adapters_of(self.directory, self.config)
        return str(known["adapter"])

    def _make(self, iteration: int) -> str:
        from burnish.agent.training.making import Making

        folder = self.directory.training
        making = Making(
            run=Run(self.directory, self.config),
            environment=self.environment,
            out=folder / f"{iteration:04d}",
            settings=self.config.train,
            unpack=folder / "base",
            keep_on=self._keep_on,
            notify=self.notify,
        )
        return making.make().adapter

    def _keep_on(self) -> None:
        self.caller.raise_if_stopped()
        if self.caller.ledger.seconds_left() <= 0:
            raise BudgetExhausted("the time budget ended within training", limit="seconds")
