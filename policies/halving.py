"""Searching a product of choices on few tasks: which combinations to try, and how many tasks each may cost.

Combinations are drawn as a Latin hypercube, and sequential halving spends the tasks: all are tried on a few, the better
half on twice as many, until two are left beside the floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Rung:
    """A round of the search: so many candidates, each tried on so many more tasks."""

    candidates: int
    tasks: int


def rungs(candidates: int, tasks: int) -> list[Rung]:
    """The rounds for so many candidates, of which the first takes `tasks` tasks.

    Each round keeps the better half and doubles the tasks seen so far, so that all cost about the same (successive
    halving, Jamieson and Talwalkar 2016, of Karnin, Koren and Somekh 2013). It ends with two, or with one where there
    never was another.
    """
    made = [Rung(candidates, tasks)] if candidates else []
    while made and made[-1].candidates > 2:
        seen = sum(rung.tasks for rung in made)
        made.append(Rung(math.ceil(made[-1].candidates / 2), seen))
    return made


def calls(plan: Sequence[Rung]) -> int:
    """Answers that a search takes: the floor is tried on every task beside the candidates."""
    return sum((rung.candidates + 1) * rung.tasks for rung in plan)


def survivors(scores: npt.NDArray[np.float64], count: int) -> list[int]:
    """Indices of the `count` best rows of (candidates, tasks) by mean, best first; of equals the earlier."""
    means = np.round(scores.mean(axis=1), 9)
    return np.argsort(-means, kind="stable")[:count].tolist()  # type: ignore[no-any-return]


def beats(scores: npt.NDArray[np.float64], floor: npt.NDArray[np.float64]) -> bool:
    """Whether a candidate did better than the floor on the tasks that both were tried on, shape (tasks,) each."""
    return bool(np.round((scores - floor).mean(), 9) > 0)


def latin(sizes: Sequence[int], count: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """At most `count` different combinations of a value of each choice, choice i having `sizes[i]` of them.

    Every value of a choice comes equally often, but for one (Latin hypercube, McKay, Beckman and Conover 1979), so that
    a few combinations show each value. Fewer come back where there are not as many.
    """
    drawn: dict[tuple[int, ...], None] = {}
    for _ in range(_TURNS):
        if len(drawn) >= min(count, math.prod(sizes)):
            break
        columns = [_balanced(size, count, rng) for size in sizes]
        drawn |= dict.fromkeys(zip(*columns, strict=True))
    return list(drawn)[:count]


_TURNS = 8
"""Draws after which combinations that keep coming twice are given up."""


def _balanced(size: int, count: int, rng: np.random.Generator) -> list[int]:
    """`count` numbers below `size` in random order, each as often as any other but for one."""
    turns = [rng.permutation(size) for _ in range(math.ceil(count / size))]
    return rng.permutation(np.concatenate(turns)[:count]).tolist()  # type: ignore[no-any-return]
