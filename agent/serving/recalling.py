"""What requests are shown and how like memory they are: those that wait are looked up together, off the event loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np

from burnish.agent.models.rendering import Query
from burnish.agent.rollouts.retriever import Recalled, Retriever
from burnish.memory.store import Memory
from burnish.policies.retrieval import cosines
from burnish.programs import Program

AT_ONCE = 8
"""Requests that are embedded together at most. With more a text costs little less, and the first waits for the last."""
MOST_CHARACTERS = 2**15
"""Characters of the requests that are embedded together with the one that waits longest."""
KNOWN = 4096
"""Requests whose exemplars are kept, the newest."""


@dataclass(frozen=True)
class Found:
    """What a text is shown, the cosine of each exemplar to it, and that of the exemplar most like it in all of the
    program's memory; None where that is empty.
    """

    recalled: Recalled
    likeness: tuple[float, ...]
    nearest: float | None


@dataclass(frozen=True)
class _Waiting:
    program: Program
    query: Query
    found: asyncio.Future[Found]


class Recalling:
    """Retrieval for requests that come at once. `sealed` are the texts of the sealed test."""

    def __init__(self, memory: Memory, retriever: Retriever, sealed: Sequence[str]) -> None:
        self._memory = memory
        self._retriever = retriever
        self._sealed = tuple(sealed)
        self._thread = ThreadPoolExecutor(1, "recalling")  # memory is made for one thread at a time
        self._waiting: list[_Waiting] = []
        self._work: asyncio.Task[None] | None = None
        self._known: dict[bytes, Found] = {}  # by hash: texts may be long
        self._least = lru_cache(KNOWN)(self._least_of)

    def close(self) -> None:
        """Let what is being looked up end."""
        self._thread.shutdown(cancel_futures=True)

    async def find(self, program: Program, query: Query) -> Found:
        """What the program shows with a text, the same in whatever company it is asked."""
        key = hashlib.sha256(f"{program.id} {query.prompt}".encode("utf-8", "surrogatepass")).digest()
        if key in self._known:
            return self._known[key]
        waiting = _Waiting(program, query, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._look_up())
        found = await waiting.found
        self._known[key] = found
        while len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        return found

    async def least(self, program: Program) -> float | None:
        """How like this program's memory the sealed task least like it was; None where there is neither."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._least, program.revision)

    async def _look_up(self) -> None:
        while self._waiting:
            batch = self._next()
            job = asyncio.get_running_loop().run_in_executor(self._thread, self._found, batch)
            (made,) = await asyncio.gather(job, return_exceptions=True)
            for place, one in enumerate(batch):
                if one.found.done():  # whoever asked has gone
                    continue
                if isinstance(made, BaseException):
                    one.found.set_exception(made)
                else:
                    one.found.set_result(made[place])

    def _next(self) -> list[_Waiting]:
        """Those to look up now: who waits longest, and the shortest of the others, which long ones would hold up."""
        first, *others = self._waiting
        others.sort(key=lambda one: len(one.query.prompt))
        lengths = accumulate(len(one.query.prompt) for one in others[: AT_ONCE - 1])
        count = sum(length <= MOST_CHARACTERS for length in lengths)
        batch = [first, *others[:count]]
        taken = set(map(id, batch))
        self._waiting = [one for one in self._waiting if id(one) not in taken]
        return batch

    def _found(self, batch: Sequence[_Waiting]) -> list[Found]:
        looked_up = [one.query.prompt for one in batch if self._memory.count(one.program.revision)]
        self._memory.embedder.embed(looked_up)  # all at once; below they are remembered
        return [self._of(one.program, one.query) for one in batch]

    def _of(self, program: Program, query: Query) -> Found:
        if not self._memory.count(program.revision):
            return Found(Recalled((), 0), (), None)
        (recalled,) = self._retriever.recall(program, [query])
        vectors = self._memory.embedder.embed([query.prompt])
        shown = self._memory.vectors(recalled.ids) if recalled.ids else None
        likeness = () if shown is None else tuple(cosines(shown, vectors[0]).tolist())
        return Found(recalled, likeness, self._nearest(program.revision, [query.prompt])[0])

    def _nearest(self, revision: int, texts: Sequence[str]) -> list[float | None]:
        vectors = self._memory.embedder.embed(texts)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return [row[0].similarity if row else None for row in self._memory.nearest(unit, 1, revision=revision)]

    def _least_of(self, revision: int) -> float | None:
        if not self._sealed:
            return None
        return min((one for one in self._nearest(revision, self._sealed) if one is not None), default=None)
