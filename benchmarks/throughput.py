"""It feeds the embedded model well: the loop's requests against the same requests sent to the server directly.

Takes the gate requests of a run (champion and challenger on the same validation tasks, block by block as the gate
draws them, exemplars from shelves), sends them once through the loop's own path and once by a bare client in the same
lanes, on a fresh server each (promised: at least 0.9 of the direct rate, and at least 60 % of prompt tokens from the
prefix cache).

    python benchmarks/throughput.py
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatClient, ChatRequest
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.models.ledger import Ledger
from burnish.agent.models.opening import EMBEDDED_SLOTS
from burnish.agent.models.rendering import task_request
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.answering import Trial
from burnish.agent.rollouts.retriever import Retriever
from burnish.agent.rollouts.rollout import Rollout, lanes
from burnish.config import BudgetConfig, ModelConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.built_in.contacts import Contacts
from burnish.memory.embedding import MiniLMEmbedder
from burnish.memory.form import FormEmbedder, JointEmbedder
from burnish.memory.journal import Journal
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.store import Memory
from burnish.policies.acceptance import BettingGate
from burnish.programs import Decoding, Program, Prompt
from burnish.types import Exemplar, Split, Task, Usage

EXEMPLARS, TASKS = 64, 48


def tasks(split: Split, count: int) -> list[Task]:
    return list(islice(Contacts().tasks(split, 3), count))


def make_blocks() -> tuple[list[list[Trial]], Retriever, AnswerForms]:
    """The requests of each block of a race that goes on for `TASKS`, and what found their exemplars."""
    embedder = JointEmbedder(MiniLMEmbedder(), FormEmbedder())
    memory = Memory([], embedder=embedder, index=NumpyIndex(embedder.dimensions))
    exemplars = [
        Exemplar(t.id, t.prompt, json.dumps(dict(t.data), ensure_ascii=False), 1.0, t.cell, 1, "gold")
        for t in tasks("train", EXEMPLARS)
    ]
    memory.stage(exemplars[: EXEMPLARS // 2], {}, revision=1)
    memory.stage([replace(e, born=2) for e in exemplars[EXEMPLARS // 2 :]], {}, revision=2)
    prompt = Prompt((("task", Contacts.instruction),))
    programs = [Program(prompt, revision, decoding=Decoding(format="extract", max_tokens=72)) for revision in (1, 2)]
    retriever, drawn = Retriever(memory), tasks("validation", TASKS)
    size = BettingGate().block
    blocks = [drawn[start : start + size] for start in range(0, TASKS, size)]
    return (
        [
            [
                Trial(p, t, r, Place("gate", f"{t.id}/{p.id}"))
                for p in programs
                for t, r in zip(block, retriever.recall(p, block), strict=True)
            ]
            for block in blocks
        ],
        retriever,
        AnswerForms(memory),
    )


async def through_the_loop(
    url: str, blocks: Sequence[Sequence[Trial]], retriever: Retriever, forms: AnswerForms, scratch: Path
) -> tuple[float, float]:
    """(requests a second, share of prompt tokens from the cache)."""
    client = ChatClient(ModelConfig(concurrency=EMBEDDED_SLOTS), base_url=url)
    journal = Journal.open(scratch / "journal.db")
    caller = Caller(journal=journal, ledger=Ledger(BudgetConfig(), spent=Usage()), clients={"task": client})
    caller.begin(1)
    rollout = Rollout(caller, journal, GuardedEnvironment(Contacts()), retriever.recall, 1, lambda *_: 0, forms)
    started = time.perf_counter()
    attempts = [a for trials in blocks for a in await rollout.attempt_all(trials)]
    seconds = time.perf_counter() - started
    await client.close()
    journal.close()
    prompt = sum(a.usage.prompt_tokens for a in attempts)
    return len(attempts) / seconds, sum(a.usage.cached_tokens for a in attempts) / prompt


def request_of(trial: Trial) -> ChatRequest:
    return task_request(trial.program, trial.recalled.exemplars, trial.task)


async def directly(url: str, blocks: Sequence[Sequence[Trial]]) -> float:
    """Requests a second of workers that take the same requests in the same lanes, and do nothing else."""
    client = ChatClient(ModelConfig(concurrency=EMBEDDED_SLOTS), base_url=url)

    async def work(trials: Sequence[Trial], waiting: Iterator[list[int]]) -> None:
        for lane in waiting:
            for i in lane:
                await client.send(request_of(trials[i]), timeout=120)

    started = time.perf_counter()
    for trials in blocks:
        waiting = iter(lanes([(t.program.id, t.recalled.group) for t in trials], EMBEDDED_SLOTS))
        await asyncio.gather(*(work(trials, waiting) for _ in range(EMBEDDED_SLOTS)))
    seconds = time.perf_counter() - started
    await client.close()
    return sum(map(len, blocks)) / seconds


def main() -> None:
    (blocks, retriever, forms), path = make_blocks(), model_file(None)
    with tempfile.TemporaryDirectory() as scratch:
        with EmbeddedServer(path, slots=EMBEDDED_SLOTS) as server:
            direct = asyncio.run(directly(server.base_url, blocks))
        with EmbeddedServer(path, slots=EMBEDDED_SLOTS) as server:
            rate, cached = asyncio.run(through_the_loop(server.base_url, blocks, retriever, forms, Path(scratch)))
    print(
        f"{sum(map(len, blocks))} gate requests in {len(blocks)} blocks: {rate:.2f}/s through the loop, "
        f"{direct:.2f}/s directly, ratio {rate / direct:.2f} (promised: at least 0.90); "
        f"{cached:.0%} of prompt tokens from the cache (promised: at least 60 %)"
    )


if __name__ == "__main__":
    main()
