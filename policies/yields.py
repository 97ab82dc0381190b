"""Choosing operators by what became of what they made before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from burnish.policies.curriculum import Tally


def drawn(names: Sequence[str], yields: Mapping[str, Tally], count: int, rng: np.random.Generator) -> list[str]:
    """`count` operators by Thompson sampling (1933): the highest of one draw a name from Beta(kept + 1, lost + 1)."""
    chosen = []
    for _ in range(count):
        draws = [rng.beta(t.solved + 1, t.tried - t.solved + 1) for t in (yields.get(n, Tally()) for n in names)]
        chosen.append(names[int(np.argmax(draws))])
    return chosen
