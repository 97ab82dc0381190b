"""Operators that made more of use are drawn more often, and none is given up."""

from __future__ import annotations

from collections import Counter

import numpy as np

from burnish.policies.curriculum import Tally
from burnish.policies.yields import drawn


def test_what_yields_more_is_drawn_more_often() -> None:
    yields = {"good": Tally(tried=20, solved=18), "bad": Tally(tried=20, solved=1)}
    counts = Counter(drawn(["good", "bad", "new"], yields, 500, np.random.default_rng(0)))
    assert counts["good"] > counts["new"] > counts["bad"]


def test_the_same_numbers_draw_the_same() -> None:
    one, other = (drawn(["a", "b", "c"], {}, 20, np.random.default_rng(5)) for _ in range(2))
    assert one == other
    assert set(one) == {"a", "b", "c"}
