"""However long the texts are that are asked, what is kept of them is bounded, and a short one need not wait for all."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from burnish.agent.models.client import ChatRequest
from burnish.agent.rollouts.retriever import Retriever
from burnish.agent.serving.feedback import MOST_CHARACTERS, Feedback
from burnish.agent.serving.recalling import AT_ONCE, Recalling
from burnish.agent.serving.recalling import MOST_CHARACTERS as TOGETHER
from burnish.agent.serving.refusals import Refused
from burnish.agent.serving.service import Answer, Asked
from burnish.memory.embedding import HashEmbedder
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.store import Memory
from burnish.programs import Program, Prompt
from burnish.types import Exemplar, Message, Task, Usage

PROGRAM = Program(Prompt((("task", "Say the code."),)), 0)
LONG = TOGETHER + 1


@dataclass
class Embedder:
    """A hash embedder that notes how long the texts of each call are."""

    calls: list[list[int]] = field(default_factory=list)
    own: HashEmbedder = field(default_factory=lambda: HashEmbedder(32))
    name: str = "noting"
    dimensions: int = 32

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append([len(text) for text in texts])
        return self.own.embed(texts)


@pytest.fixture
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def recalling(embedder: Embedder) -> Iterator[Recalling]:
    memory = Memory([], embedder=embedder, index=NumpyIndex(32))
    memory.stage([Exemplar(f"t{n}", f"prompt {n}", "answer", 1.0, "", 0, "m") for n in range(20)], {}, revision=0)
    made = Recalling(memory, Retriever(memory), [])
    yield made
    made.close()


def asked(recalling: Recalling, texts: Sequence[str]) -> list[int]:
    """Ask all at once; the places of the texts in the order in which they are found."""
    found: list[int] = []

    async def ask(place: int) -> None:
        await recalling.find(PROGRAM, Task("codes", texts[place]))
        found.append(place)

    async def ask_all() -> None:
        await asyncio.gather(*map(ask, range(len(texts))))

    asyncio.run(ask_all())
    return found


def grown(work: Callable[[], object]) -> int:
    """By how many bytes memory grew."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    work()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


def test_a_short_request_does_not_wait_for_all_long_ones(recalling: Recalling, embedder: Embedder) -> None:
    long = [f"{n} ".ljust(LONG, "x") for n in range(16)]
    order = asked(recalling, [*long, "short", "shorter"])
    assert sorted(order[:3]) == [0, 16, 17]
    assert order[3:] == list(range(1, 16)), "and who waits longest is next"


def test_requests_are_looked_up_together_up_to_so_many_characters(recalling: Recalling, embedder: Embedder) -> None:
    embedder.calls.clear()
    asked(recalling, [f"{n} ".ljust(TOGETHER // 4, "x") for n in range(10)])
    assert max(sum(call) for call in embedder.calls) == TOGETHER // 4 * 5
    embedder.calls.clear()
    asked(recalling, [f"text {n}" for n in range(2 * AT_ONCE)])
    assert max(len(call) for call in embedder.calls) == AT_ONCE


def test_what_is_found_is_the_same_again(recalling: Recalling, embedder: Embedder) -> None:
    async def both() -> None:
        first = await recalling.find(PROGRAM, Task("codes", "prompt 3 \ud800"))
        embedder.calls.clear()
        assert await recalling.find(PROGRAM, Task("codes", "prompt 3 \ud800")) is first
        assert embedder.calls == []

    asyncio.run(both())


def test_texts_that_were_asked_are_not_kept_for_retrieval(recalling: Recalling) -> None:
    asked(recalling, ["warm"])
    assert grown(lambda: asked(recalling, [f"{n} ".ljust(200_000, "x") for n in range(30)])) < 1_000_000


def answer(id_: str, requests: tuple[ChatRequest, ...] = ()) -> Answer:
    return Answer(id_, "champion", "p", 0, "answer", "m", False, Usage(), (), None, None, False, requests, 0.1)


def test_only_so_many_characters_of_answers_may_still_be_judged(tmp_path: Path) -> None:
    long = "x" * (MOST_CHARACTERS // 4)
    with Feedback(tmp_path / "feedback.jsonl") as feedback:
        for number in range(9):
            feedback.remember(Asked("champion", long), answer(f"{number}"))
        feedback.remember(Asked("champion", "short"), answer("last"))
        for gone in "012345":
            with pytest.raises(Refused, match="one of the last answers"):
                feedback.take({"id": gone, "reward": 1}, "codes")
        for kept in ("6", "7", "8", "last"):
            feedback.take({"id": kept, "reward": 1}, "codes")
        feedback.remember(Asked("champion", 5 * long), answer("too long"))
        feedback.remember(Asked("champion", "short"), answer("next"))
        assert feedback.take({"id": "next", "reward": 1}, "codes").task.prompt == "short"


def test_what_the_model_was_sent_is_not_kept_for_feedback(tmp_path: Path) -> None:
    def remember() -> None:
        for number in range(20):
            sent = ChatRequest((Message("user", f"{number}" * 200_000),), 5)
            feedback.remember(Asked("champion", "short"), answer(f"{number}", (sent,)))

    with Feedback(tmp_path / "feedback.jsonl") as feedback:
        assert grown(remember) < 1_000_000
