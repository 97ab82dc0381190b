"""An adapter against none, under the champion of a run: the race of the gate, then the sealed tasks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from burnish.agent.loop.arms import Arm
from burnish.agent.loop.open_session import Opened, open_session
from burnish.agent.loop.run import stopping_on_signals
from burnish.agent.loop.sealed_test import summarize, try_sealed
from burnish.agent.models.lora_adapters import adapters_of
from burnish.agent.nodes.gate import Race, run_race
from burnish.agent.operators.base import Proposal
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Notify, Run
from burnish.agent.record.seeds import sealed_seed, secret_of
from burnish.agent.training.adapter import Adapted, AdapterProof
from burnish.agent.training.folder_servers import FolderServers
from burnish.config import BudgetConfig, ModelConfig, ModelsConfig, RunConfig
from burnish.memory.links import UNSETTLED
from burnish.protocols import Environment
from burnish.waiting import awaited

FACTS_LEFT = ("sealed", "stopped", *sorted(UNSETTLED))
"""What the copy of a journal goes on without."""
BASE = "base"
ANSWER_SECONDS = 600.0
"""How long weights that were trained on the CPU may take to an answer there."""


def try_adapter(
    run: Run, environment: Environment, adapter: Adapted, place: Path, *, seconds: float | None, notify: Notify
) -> AdapterProof:
    """Try an adapter in a copy of the run's journal that is kept at `place`.

    So the gate goes on where the run's left off: fresh validation tasks, and the level of its next challenger. What the
    champion answered to the sealed tasks in the run is not asked again, nor what was before this was killed.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; what is in flight is kept.
        BudgetExhausted: `seconds` ended within it.
        ModelUnavailable: a folder cannot be served.

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
    with run.journal() as journal:
        seed = sealed_seed(secret_of(run.place, run.config, journal))
    with ExitStack() as stack:
        adapters, adapted = adapters_of(run.place, run.config), None
        if adapter.base is None:
            adapters[adapter.name] = adapter.path
        else:
            name = adapter.base.resolve().name
            folders = {BASE: adapter.base, adapter.name: adapter.path}
            servers = stack.enter_context(FolderServers(folders, name, place))
            config, adapted = _served(config, name, servers.url(BASE)), servers.url

        async def proved() -> AdapterProof:
            opening = open_session(copy, config, environment, notify, adapters, adapted=adapted)
            async with opening as opened:
                with stopping_on_signals(opened.session):
                    return await _tried(opened, adapter, seed)

        return awaited(proved())


def _served(config: RunConfig, name: str, url: str) -> RunConfig:
    """The run's configuration with a served folder for all models."""
    task = ModelConfig(url=url, name=name, concurrency=1, timeout_seconds=ANSWER_SECONDS)
    return config.model_copy(update={"models": ModelsConfig(task=task)})


async def _tried(opened: Opened, adapter: Adapted, seed: int) -> AdapterProof:
    session = opened.session
    champion, number = session.champion, session.past.newest + 1
    if adapter.base is not None:  # an adapter of the run's own is for the weights that the run used
        champion = replace(champion, adapter="")
    adapted = replace(champion, adapter=adapter.name)
    session.begin(number)
    proposal = Proposal("train", adapted, f"adapter {adapter.name}")
    gate, _ = await run_race(
        session.iteration,
        session.policies.acceptance,
        Race(session.past.challengers + 1, champion, proposal, session.policies.acceptance.cap),
        position=session.past.validation_used,
        validation=session.validation,
    )
    session.notify("gate", gate.to_json())
    recall = session.retriever.recall
    arms: Mapping[str, Arm] = {"champion": Arm(champion, recall), "adapter": Arm(adapted, recall)}
    tasks = await opened.environment.draw("test", seed, session.config.sealed.tasks)
    _, answered = await try_sealed(session, opened.environment, arms, tasks)
    sealed = summarize(
        {"seed": answered["champion"], "champion": answered["adapter"]},
        same=False,
        collapsed=False,
        iterations=number,
        alpha=session.config.sealed.alpha,
    )
    return AdapterProof(gate, sealed)
