"""Where exemplars lie beside each other: one projection of their vectors onto a plane, the same for the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burnish.agent.inspecting.exemplars import showings_by_then
from burnish.agent.record.memory import run_embedder
from burnish.agent.record.run import Run
from burnish.policies.eviction import Gain, gains
from burnish.types import ALIVE, Exemplar, Record

DIGITS = 4
"""Of a coordinate."""


@dataclass(frozen=True)
class Position(Record):
    """An exemplar on the map: `x` and `y` from -1 to 1. It lived from revision `born` until before `died`, None
    where it lives; `gain` is
    its usefulness (see `burnish.policies.eviction.gains`) and `margin` how far its interval of 95 % reaches to either
    side, None where it is unknown, and `showings` for how many train and validation answers it was shown.
    """

    id: str
    x: float
    y: float
    born: int
    died: int | None
    cell: str
    origin: str
    gain: float | None
    margin: float | None
    showings: int


@dataclass(frozen=True)
class MemoryMap(Record):
    """Every exemplar that ever was, on one plane, by birth and id; `explained` are the shares of variance along x and
    along y.
    """

    positions: tuple[Position, ...]
    explained: tuple[float, float]


def memory_map(run: Run) -> MemoryMap:
    """The map of a run. Vectors that the run has embedded are taken as they are; others are embedded now."""
    with run.journal() as journal:
        exemplars = journal.exemplars()
        embedder = run_embedder(run.place, run.config, journal)
        plane, explained = projected(embedder.embed([exemplar.prompt for exemplar in exemplars]))
        shown = showings_by_then(journal)
    useful, counts = gains(shown), Counter(id_ for one in shown for id_ in one.exemplar_ids)
    positions = (_position(e, x, y, useful, counts) for e, (x, y) in zip(exemplars, plane.tolist(), strict=True))
    return MemoryMap(tuple(positions), explained)


def _position(exemplar: Exemplar, x: float, y: float, useful: Mapping[str, Gain], counts: Counter[str]) -> Position:
    gain = useful.get(exemplar.id)
    return Position(
        id=exemplar.id,
        x=round(x, DIGITS),
        y=round(y, DIGITS),
        born=exemplar.born,
        died=None if exemplar.died == ALIVE else exemplar.died,
        cell=exemplar.cell,
        origin=exemplar.origin,
        gain=None if gain is None else round(gain.mean, DIGITS),
        margin=None if gain is None else round(gain.margin, DIGITS),
        showings=counts[exemplar.id],
    )


def projected(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Vectors (n, d) on the plane of their two first principal components, shape (n, 2), the longest coordinate being
    1; and the shares of variance of both. The largest loading of each component is positive, which fixes the signs.
    """
    if len(vectors) < 2:
        return np.zeros((len(vectors), 2)), (0.0, 0.0)
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    variances, components = np.linalg.eigh(centred.T @ centred)
    first = components[:, ::-1][:, :2]
    signs = np.sign(first[np.abs(first).argmax(axis=0), np.arange(2)])
    plane = centred @ (first * np.where(signs == 0, 1.0, signs))
    total = float(variances.sum())
    shares = [float(share) / total if total > 0 else 0.0 for share in variances[::-1][:2]]
    return plane / max(float(np.abs(plane).max()), 1e-12), (shares[0], shares[1])
