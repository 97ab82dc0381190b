"""Which train tasks to try next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from burnish.limits import AboveZero, NonNegative, Positive


@dataclass(frozen=True)
class PooledTask:
    """A task that could be drawn, with its cell."""

    task_id: str
    cell: str


@dataclass(frozen=True)
class Tally:
    """How often something was tried and solved."""

    tried: int = 0
    solved: int = 0


@dataclass(frozen=True)
class Effort:
    """How often a task is attempted, and whether in search of answers unlike those the model gives by itself."""

    samples: int
    searching: bool


class Curriculum(Protocol):
    """Chooses tasks; `pool` says how many candidates it wants to choose `count` from."""

    def pool(self, count: int) -> int: ...

    def effort(self, tasks: int, samples: int, *, solved: float | None) -> tuple[int, int]:
        """(tasks, samples a task) of the next iteration, from those configured and the share of attempts that was
        verified in the last one; None as long as nothing ever was.
        """
        ...

    def choose(
        self,
        candidates: Sequence[PooledTask],
        count: int,
        *,
        tasks: Mapping[str, Tally],
        cells: Mapping[str, Tally],
        known: Mapping[str, int],
        rng: np.random.Generator,
    ) -> list[int]:
        """Indices of the chosen candidates, fewer than `count` only when there are fewer.

        `known` is how many exemplars of each cell memory holds.
        """
        ...


@dataclass(frozen=True)
class FrontierCurriculum:
    """Prefers tasks that are solved sometimes: there an answer teaches most and can still be found.

    A task's weight is p(1-p) + `floor`, p being its estimated solve rate: its own rate shrunk towards that of its cell,
    and the cell's towards 1/2. The weight is divided by (1 + n/m) ** `balance`, n being the exemplars of the task's
    cell and m their mean over the candidates: what memory is full of teaches less. Tasks are drawn without replacement
    with these weights (Gumbel top-k).
    """

    name: Literal["frontier"] = "frontier"
    floor: AboveZero = 0.05
    """Added to every task's weight, so that no task is never drawn."""
    prior: AboveZero = 2.0
    """Pseudo-tries that shrink a task's solve rate towards that of its cell."""
    breadth: Positive = 4
    """Candidates that are looked at for every task that is wanted."""
    search: Positive = 2
    """Answers to a task until the first one is verified."""
    balance: NonNegative = 1.0
    """How much rarer tasks become as memory holds more exemplars of their cell. 0: not at all."""

    def pool(self, count: int) -> int:
        return count * self.breadth

    def effort(self, tasks: int, samples: int, *, solved: float | None) -> tuple[int, int]:
        """`search` samples of each task until the first success, on which everything after it waits: the first as the
        program asks for it, the others in search. From then on as many attempts as configured, each on a task of its
        own: a second success on a task teaches nothing new.
        """
        if solved is None:
            return tasks, max(samples, self.search)
        return tasks * samples, 1

    def choose(
        self,
        candidates: Sequence[PooledTask],
        count: int,
        *,
        tasks: Mapping[str, Tally],
        cells: Mapping[str, Tally],
        known: Mapping[str, int],
        rng: np.random.Generator,
    ) -> list[int]:
        """See `Curriculum.choose`."""
        rates = np.array([self._rate(c, tasks, cells) for c in candidates])
        counts = np.array([known.get(c.cell, 0) for c in candidates], dtype=float)
        fullness = counts / max(1.0, float(counts.mean()) if len(counts) else 0.0)
        weights = np.log(rates * (1 - rates) + self.floor) - self.balance * np.log1p(fullness)
        keys = weights + rng.gumbel(size=len(candidates))
        return sorted(np.argsort(-keys, kind="stable")[:count].tolist())

    def _rate(self, candidate: PooledTask, tasks: Mapping[str, Tally], cells: Mapping[str, Tally]) -> float:
        cell = cells.get(candidate.cell, Tally())
        base = (cell.solved + self.prior / 2) / (cell.tried + self.prior)
        own = tasks.get(candidate.task_id, Tally())
        return (own.solved + self.prior * base) / (own.tried + self.prior)


@dataclass(frozen=True)
class UniformCurriculum:
    """Takes every candidate alike, in the order the environment poses them."""

    name: Literal["uniform"] = "uniform"

    def pool(self, count: int) -> int:
        return count

    def effort(self, tasks: int, samples: int, *, solved: float | None) -> tuple[int, int]:  # noqa: ARG002
        """As configured."""
        return tasks, samples

    def choose(
        self,
        candidates: Sequence[PooledTask],
        count: int,
        *,
        tasks: Mapping[str, Tally],  # noqa: ARG002 (the Protocol's)
        cells: Mapping[str, Tally],  # noqa: ARG002
        known: Mapping[str, int],  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> list[int]:
        """The first `count`."""
        return list(range(min(count, len(candidates))))


def allot(
    cells: Sequence[str],
    samples: int,
    *,
    search: int,
    known: Mapping[str, int],
    rng: np.random.Generator,
) -> list[Effort]:
    """What is spent on tasks of these cells: `samples` attempts, or in search `search` of them; for 0 none is searched.

    Tasks of a cell of which memory holds nothing are searched, and of others 1/(n + 1) of their tasks, where n is
    `known[cell]`, the exemplars of the cell.
    """
    chances = rng.random(len(cells))
    counts = [known.get(cell, 0) for cell in cells]
    searching = [search > 0 and c < 1 / (1 + n) for n, c in zip(counts, chances, strict=True)]
    return [Effort(search if found else samples, found) for found in searching]
