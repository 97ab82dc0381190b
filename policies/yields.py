"""Choosing operators by what became of what they made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from burnish.policies.curriculum import Tally


def thompson_draws(names: Sequence[str], yields: Mapping[str, Tally], rng: np.random.Generator) -> dict[str, float]:
    """A draw a name, in their order, from Beta(kept + 1, lost + 1): who has the highest comes next (Thompson 1933)."""
    tallies = {name: yields.get(name, Tally()) for name in names}
    return {name: float(rng.beta(t.solved + 1, t.tried - t.solved + 1)) for name, t in tallies.items()}


def drawn(names: Sequence[str], yields: Mapping[str, Tally], count: int, rng: np.random.Generator) -> list[str]:
    """`count` of different operators by Thompson sampling, each time anew, so one may come again."""
    draws = (thompson_draws(names, yields, rng) for _ in range(count))
    return [max(names, key=draw.__getitem__) for draw in draws]
