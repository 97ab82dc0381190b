"""It adds little: journalled, budgeted calls against a bare httpx loop, and an iteration's own cost by memory size.

Calls go to a local server of 20 ms latency in a process of its own, 64 in flight, in turns of bare and journalled so
that both see the same machine (promised: at least 0.8 of the bare rate). An iteration is run with a scripted model, a
hash embedder and the exact time in model and environment taken off (promised: under 150 ms at 1,000 exemplars and at
most twice that at 100,000).

    python benchmarks/overhead.py [calls|iteration]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from iteration_cost import compare_sizes

from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatClient, ChatRequest
from burnish.agent.models.ledger import Ledger
from burnish.config import BudgetConfig, ModelConfig
from burnish.memory.journal import Journal
from burnish.types import Message, Usage

IN_FLIGHT, LATENCY, CALLS, TURNS = 64, 0.020, 3000, 5

SERVER = f"""
from burnish.agent.models.scripted import ScriptedServer
with ScriptedServer(lambda body: "yes " * 20, latency={LATENCY}) as server:
    print(server.base_url, flush=True)
    input()
"""


@contextmanager
def slow_server() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def request(n: int) -> ChatRequest:
    return ChatRequest((Message("system", "Answer yes or no."), Message("user", f"Is {n} a number? " * 10)), 64)


async def bare(http: httpx.AsyncClient, url: str, n: int) -> None:
    """The same request by httpx and nothing else."""
    response = await http.post(f"{url}/chat/completions", json=request(n).body(""))
    assert response.json()["choices"]


async def rate(ask: Callable[[int], Awaitable[object]]) -> float:
    """Calls a second with `IN_FLIGHT` workers."""
    numbers = iter(range(CALLS))

    async def work() -> None:
        for n in numbers:
            await ask(n)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return CALLS / (time.perf_counter() - started)


async def compare_calls(url: str, scratch: Path) -> None:
    config = ModelConfig(url=url, concurrency=IN_FLIGHT)
    client = ChatClient(config)
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    http = httpx.AsyncClient(limits=limits, timeout=30, trust_env=False)
    journal = Journal.open(scratch / "journal.db")
    ledger = Ledger(BudgetConfig(calls=10**9, tokens=10**12), spent=Usage())
    caller = Caller(journal=journal, ledger=ledger, clients={"task": client})
    ratios = []
    for turn in range(TURNS):
        caller.begin(turn)
        alone = await rate(lambda n: bare(http, url, n))
        full = await rate(lambda n: caller.ask("task", request(n), Place("attempt", str(n))))
        ratios.append(full / alone)
        print(f"  turn {turn + 1}: bare {alone:.0f}/s, journalled {full:.0f}/s, ratio {full / alone:.2f}", flush=True)
    print(f"journalled calls at {statistics.median(ratios):.2f} of the bare rate, median (promised: at least 0.80)")
    await http.aclose()
    await client.close()
    journal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["calls", "iteration"], metavar="part")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if "calls" in options.parts:
            with slow_server() as url:
                asyncio.run(compare_calls(url, Path(scratch)))
        if "iteration" in options.parts:
            asyncio.run(compare_sizes(Path(scratch)))


if __name__ == "__main__":
    main()
