"""An adapter against none, under the champion of a run: the race of the gate, then the sealed tasks."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from burnish.agent.directory import RunDirectory
from burnish.agent.loop import stopping_on_signals
from burnish.agent.lora_adapters import adapters_of
from burnish.agent.nodes.gate import race
from burnish.agent.opening import Opened, open_session
from burnish.agent.operators.base import Proposal
from burnish.agent.runs import Notify, Run
from burnish.agent.sealed import Arm, summarize, try_sealed
from burnish.agent.session import Scratch
from burnish.config import BudgetConfig
from burnish.protocols import Environment
from burnish.records import GateRecord, SealedRecord
from burnish.types import Record

FACTS_LEFT = ("sealed", "stopped", "seconds", "seconds apart")
"""What the copy of a journal goes on without."""


@dataclass(frozen=True)
class AdapterProof(Record):
    """How the gate decided, and the sealed tasks: "seed" is the champion without the adapter, "champion" with it."""

    gate: GateRecord
    sealed: SealedRecord

    @property
    def passed(self) -> bool:
        """Whether the adapter is accepted: by the gate, and by the sealed test as a gain."""
        return self.gate.outcome == "accept" and self.sealed.verdict == "improved"


def prove(
    run: Run, environment: Environment, adapter: tuple[str, Path], place: Path, *, seconds: float | None, notify: Notify
) -> AdapterProof:
    """Try an adapter, given by name and file, in a copy of the run's journal that is kept at `place`.

    So the gate goes on where the run's left off: fresh validation tasks, and the level of its next challenger. What the
    champion answered to the sealed tasks in the run is not asked again, nor what was before this was killed.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; what is in flight is kept.
        BudgetExhausted: `seconds` ended within it.

    """
    budget = BudgetConfig(seconds=seconds)
    config = run.config.model_copy(update={"budget": budget})
    copy = RunDirectory(place)
    if not copy.journal.is_file():
        place.mkdir(exist_ok=True)
        copy.config_file.write_text(config.to_toml(), encoding="utf-8")
        embedded = run.place.path / "embeddings.db"
        if embedded.is_file():
            shutil.copy(embedded, place)
        with run.journal() as journal:
            journal.copy_to(copy.journal, without=FACTS_LEFT)
    name, file = adapter
    served = adapters_of(run.place, run.config) | {name: file}

    async def proved() -> AdapterProof:
        async with open_session(copy, config, environment, notify, served) as opened:
            with stopping_on_signals(opened.session):
                return await _tried(opened, name)

    return asyncio.run(proved())


async def _tried(opened: Opened, name: str) -> AdapterProof:
    session = opened.session
    champion, number = session.champion, session.past.records[-1].number + 1
    adapted = replace(champion, adapter=name)
    session.scratch = Scratch(number)
    session.scratch.champion = champion
    session.caller.begin(number)
    gate = await race(session, Proposal("train", adapted, f"adapter {name}"))
    session.notify("gate", gate.to_json())
    recall = session.retriever.recall
    arms: Mapping[str, Arm] = {"champion": Arm(champion, recall), "adapter": Arm(adapted, recall)}
    _, answered = await try_sealed(session, opened.environment, arms)
    sealed = summarize(
        {"seed": answered["champion"], "champion": answered["adapter"]},
        same=False,
        collapsed=False,
        iterations=number,
        alpha=session.config.sealed.alpha,
    )
    return AdapterProof(gate, sealed)
