"""Values of actions from logged plays, good and bad: offline reinforcement learning on a table.

After Q-Transformer (Chebotar et al. 2023): actions are chosen part by part, what a play really came to is a floor under
its value, and what was never tried is worth nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

Parts: TypeAlias = tuple[str, ...]
"""An action, part by part, such as ("go", "north")."""

SWEEPS = 200


@dataclass(frozen=True)
class Move:
    """One turn of a play: what was done where, what it paid, and where it led; `after` is None at the end."""

    situation: Hashable
    action: Parts
    reward: float
    after: Hashable | None


@dataclass(frozen=True)
class Values:
    """What it is worth to begin an action in a situation with given parts, in [0, 1] for rewards in [0, 1]."""

    worth: Mapping[tuple[Hashable, Parts], float]
    known: Mapping[tuple[Hashable, Parts], tuple[str, ...]]
    """The parts that were seen to follow."""

    @classmethod
    def fit(cls, plays: Sequence[Sequence[Move]], *, discount: float = 0.95) -> Self:
        """From plays in the order of their moves.

        The value of a move is its reward and the discounted best of what follows, averaged over the times it was made,
        and at least what the plays came to from there on average.
        """
        returns: dict[tuple[Hashable, Parts], list[float]] = {}
        moves: dict[tuple[Hashable, Parts], list[Move]] = {}
        for play in plays:
            total = 0.0
            for move in reversed(play):
                total = move.reward + discount * total
                returns.setdefault((move.situation, move.action), []).append(total)
                moves.setdefault((move.situation, move.action), []).append(move)
        floor = {key: sum(found) / len(found) for key, found in returns.items()}
        worth = dict(floor)
        for _ in range(SWEEPS):
            best = _best(worth)
            swept = {
                key: max(floor[key], sum(m.reward + discount * best.get(m.after, 0.0) for m in made) / len(made))
                for key, made in moves.items()
            }
            settled = all(abs(swept[key] - worth[key]) < 1e-6 for key in worth)
            worth = swept
            if settled:
                break
        return cls(*_by_parts(worth))

    def greedy(self, situation: Hashable) -> Parts | None:
        """The best action known, chosen part by part, of equals the first; None where nothing was ever tried."""
        if (situation, ()) not in self.known:
            return None
        parts: Parts = ()
        while following := self.known.get((situation, parts)):
            worth = [self.worth[situation, (*parts, part)] for part in following]
            parts = (*parts, following[worth.index(max(worth))])
        return parts

    def of(self, situation: Hashable, action: Parts) -> float:
        """The value of an action, 0 where it was never tried."""
        return self.worth.get((situation, action), 0.0)


def _best(worth: Mapping[tuple[Hashable, Parts], float]) -> dict[Hashable, float]:
    """By situation the value of its best action."""
    best: dict[Hashable, float] = {}
    for (situation, _), value in worth.items():
        best[situation] = max(best.get(situation, 0.0), value)
    return best


def _by_parts(
    worth: Mapping[tuple[Hashable, Parts], float],
) -> tuple[dict[tuple[Hashable, Parts], float], dict[tuple[Hashable, Parts], tuple[str, ...]]]:
    """Values of beginnings of actions, the best of what they may become, and the parts that follow each."""
    values: dict[tuple[Hashable, Parts], float] = {}
    following: dict[tuple[Hashable, Parts], set[str]] = {}
    for (situation, action), value in worth.items():
        for length in range(len(action) + 1):
            key = (situation, action[:length])
            values[key] = max(values.get(key, value), value)
            if length < len(action):
                following.setdefault(key, set()).add(action[length])
    return values, {key: tuple(sorted(parts)) for key, parts in following.items()}
