"""What two programs did on the same tasks: passes, made of how often each of the four outcomes came, and scores."""

from __future__ import annotations

from collections.abc import Sequence

from burnish.policies.acceptance import Pair


def pairs(differences: Sequence[float]) -> list[Pair]:
    """Pairs of scores that differ by so much."""
    return [Pair(0.0, d) if d >= 0 else Pair(-d, 0.0) for d in differences]


def passes(*, both: int = 0, gained: int = 0, lost: int = 0, neither: int = 0) -> tuple[list[bool], list[bool]]:
    pairs = [(True, True)] * both + [(False, True)] * gained + [(True, False)] * lost + [(False, False)] * neither
    return [before for before, _ in pairs], [after for _, after in pairs]
