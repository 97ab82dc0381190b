"""Where numbers of iterations stand under a drawing, and what is drawn above them, in hundredths of its width."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from burnish.agent.inspecting.answers import Answer

TICKS = 8
"""Numbers under a drawing, at most."""


def ticks(first: int, last: int, *, most: int = TICKS) -> list[tuple[int, float]]:
    """Numbers of iterations from `first` to `last`, evenly apart, each with the middle of its place."""
    places = max(1, last - first + 1)
    step = math.ceil(places / most)
    return [(number, 100 * (number - first + 0.5) / places) for number in range(first, last + 1, step)]


def showings_by_iteration(showings: Sequence[Answer]) -> list[tuple[int, int, int]]:
    """(iteration, right answers, wrong answers) of those before the sealed test."""
    counts = Counter((one.iteration, one.verified) for one in showings if one.iteration >= 0)
    return [(number, counts[number, True], counts[number, False]) for number in sorted({n for n, _ in counts})]
