from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from calling import TEMPLATE

from burnish.agent.models import circuit as circuits
from burnish.agent.models.calls import Caller
from burnish.agent.models.client import ChatClient
from burnish.agent.models.ledger import Ledger
from burnish.config import BudgetConfig, ModelConfig
from burnish.memory.journal import Journal


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuits, "FIRST_WAIT", 0.001)


@pytest.fixture
async def sitting(tmp_path: Path) -> AsyncIterator[Callable[..., Caller]]:
    """Makes a caller on the run's journal, as each sitting does; the one before is closed, as if its process ended."""
    opened: list[tuple[Journal, ChatClient]] = []

    def sit(
        url: str, *, budget: BudgetConfig | None = None, transport: Any = None, known: bool = False, **settings: Any
    ) -> Caller:
        if opened:
            opened[-1][0].close()
        journal = Journal.open(tmp_path / "journal.db")
        config = ModelConfig(**{"url": url, "template_tokens": TEMPLATE, "concurrency": 64, **settings})
        client = ChatClient(config, transport=transport)
        opened.append((journal, client))
        ledger = Ledger(budget or BudgetConfig(), spent=journal.spent())
        caller = Caller(journal=journal, ledger=ledger, clients={"task": client, "judge": client})
        caller.begin(1)
        for circuit in caller._routes._circuits.values():
            circuit.known |= known  # as if it had answered before
        return caller

    yield sit
    for journal, client in opened:
        await client.close()
        journal.close()
