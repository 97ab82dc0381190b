"""Values of actions from logged plays, good and bad: offline reinforcement learning on a table.

After Q-Transformer (Chebotar et al. 2023): actions are chosen part by part, what a play really came to is a floor under
its value, and what was never tried is worth nothing. `Values` holds them for situations that have a name each;
`ActionValues` for observations, which are in narrow and in wide clusters.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from burnish.policies.state_abstraction import StateAbstraction

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
    tried: Mapping[tuple[Hashable, Parts], int]
    """How often each beginning was made."""

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
        return cls(*_by_parts({key: (value, len(moves[key])) for key, value in worth.items()}))

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
    worth: Mapping[tuple[Hashable, Parts], tuple[float, int]],
) -> tuple[
    dict[tuple[Hashable, Parts], float],
    dict[tuple[Hashable, Parts], tuple[str, ...]],
    dict[tuple[Hashable, Parts], int],
]:
    """Values of beginnings of actions, the best of what they may become, the parts that follow each, and how often each
    was made.
    """
    values: dict[tuple[Hashable, Parts], float] = {}
    following: dict[tuple[Hashable, Parts], set[str]] = {}
    tried: dict[tuple[Hashable, Parts], int] = {}
    for (situation, action), (value, times) in worth.items():
        for length in range(len(action) + 1):
            key = (situation, action[:length])
            values[key] = max(values.get(key, value), value)
            tried[key] = tried.get(key, 0) + times
            if length < len(action):
                following.setdefault(key, set()).add(action[length])
    return values, {key: tuple(sorted(parts)) for key, parts in following.items()}, tried


@dataclass(frozen=True)
class Logged:
    """A play as it was logged: what was seen and done, turn by turn, and the reward in [0, 1] it ended with."""

    turns: tuple[tuple[str, str], ...]
    reward: float


@dataclass(frozen=True)
class ActionValues:
    """What actions are worth after an observation.

    An observation is in clusters from wide to narrow, see `burnish.policies.state_abstraction`. The value in each is
    shrunk towards that in the wider one by `prior` pseudo-tries, and in the widest towards 0: pessimism for the unseen.
    """

    situations: StateAbstraction
    by_width: tuple[Values, ...]
    """From the widest clusters to the narrowest."""
    actions: tuple[str, ...]
    prior: float

    @classmethod
    def fit(cls, plays: Sequence[Logged], *, discount: float = 0.9, prior: float = 10.0) -> Self:
        """From plays, successes and failures alike; the reward comes with the last move."""
        situations = StateAbstraction.fit([[seen for seen, _ in play.turns] for play in plays])
        seen = [(play, [_clusters(situations, seen) for seen, _ in play.turns]) for play in plays if play.turns]
        fitted = [
            Values.fit([list(_moves(play, [one[width] for one in found])) for play, found in seen], discount=discount)
            for width in range(WIDTHS)
        ]
        actions = sorted({action for play in plays for _, action in play.turns})
        return cls(situations, tuple(fitted), tuple(actions), prior)

    def of(self, observation: str, action: str) -> float:
        """The value of an action, or of the beginning of one."""
        return self._of(_clusters(self.situations, observation), tuple(action.split()))

    def _of(self, clusters: Sequence[str], parts: Parts) -> float:
        value = 0.0
        for values, cluster in zip(self.by_width, clusters, strict=True):
            times = values.tried.get((cluster, parts), 0)
            value = (times * values.of(cluster, parts) + self.prior * value) / (times + self.prior)
        return value

    def greedy(self, observation: str, tried: Collection[str] = ()) -> str | None:
        """The action of the highest value, chosen part by part, of equals the first; None where nothing is worth
        anything. None of those `tried` from here before in the same play: what led nowhere once would again.
        """
        clusters = _clusters(self.situations, observation)
        left = [action for action in self.actions if action not in tried]
        chosen: Parts = ()
        while len(left) > 1:
            following = sorted({tuple(a.split())[: len(chosen) + 1] for a in left})
            worth = [self._of(clusters, parts) for parts in following]
            best = following[worth.index(max(worth))]
            if best == chosen:
                break
            chosen = best
            left = [a for a in left if tuple(a.split())[: len(chosen)] == chosen]
        return left[0] if left and self._of(clusters, tuple(left[0].split())) > 0 else None


WIDTHS = 3


def _clusters(situations: StateAbstraction, observation: str) -> list[str]:
    """Of each width one, from the widest; the narrowest stands in for what an observation lacks."""
    keys = situations.keys(observation)
    return [keys[min(width, len(keys) - 1)] for width in reversed(range(WIDTHS))]


def _moves(play: Logged, clusters: Sequence[str]) -> Iterator[Move]:
    last = len(play.turns) - 1
    for number, (cluster, (_, action)) in enumerate(zip(clusters, play.turns, strict=True)):
        after = None if number == last else clusters[number + 1]
        yield Move(cluster, tuple(action.split()), play.reward if number == last else 0.0, after)
